/** A column of a list. */
export interface Column<T> {
  key: string
  label: string
  /** What it is sorted by; without it the column cannot be sorted. */
  by?: (row: T) => string | number
  /** Numbers are on the right. */
  end?: boolean
  /** Not shown below this width. */
  from?: 'sm' | 'md' | 'lg' | 'xl' | '2xl'
  width?: string
}

export const shownFrom: Record<NonNullable<Column<unknown>['from']>, string> = {
  sm: 'max-sm:hidden', md: 'max-md:hidden', lg: 'max-lg:hidden', xl: 'max-xl:hidden', '2xl': 'max-2xl:hidden',
}

/** "-name" is by name, downwards. */
export function sorted<T>(rows: readonly T[], columns: Column<T>[], sort: string): T[] {
  const down = sort.startsWith('-')
  const by = columns.find((c) => c.key === sort.replace(/^-/, ''))?.by
  if (!by) return [...rows]
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
  const sign = down ? -1 : 1
  return rows
    .map((row) => ({ row, key: by(row) }))
    .sort((a, b) => sign * (typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : order.compare(String(a.key), String(b.key))))
    .map(({ row }) => row)
}

/** The rows to draw: those in view and a few beside them, with the height of the ones left out. */
export function windowed(count: number, height: number, top: number, view: number, spare = 12): { from: number; to: number; before: number; after: number } {
  if (count <= 120) return { from: 0, to: count, before: 0, after: 0 }
  const from = Math.max(0, Math.min(count, Math.floor(top / height) - spare))
  const to = Math.min(count, Math.ceil((top + view) / height) + spare)
  return { from, to, before: from * height, after: (count - to) * height }
}
