import { reactive } from 'vue'
import { Failure } from '@/api/problem'

export interface Difference { field: string; mine: string; theirs: string }

export const clash = reactive({ open: false, noun: '', differences: [] as Difference[] })
let answer: ((mine: boolean) => void) | undefined

/** What differs between what was to be saved and what is there now. */
export function differences(mine: object, theirs: object): Difference[] {
  return Object.entries(mine)
    .map(([field, value]) => ({ field, mine: shown(value), theirs: shown((theirs as Record<string, unknown>)[field]) }))
    .filter((d) => d.mine !== d.theirs)
}

function shown(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–'
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : '–'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function settle(mine: boolean): void {
  clash.open = false
  answer?.(mine)
  answer = undefined
}

/**
 * Saves an edit made from a version. Where somebody else was faster it shows what differs and asks whose shall
 * stand; an edit that the other one already made needs no question, unless what it holds cannot be compared (always).
 */
export async function saveOver<T extends { version: number }>(noun: string, mine: object, save: (version?: number) => Promise<T>, always = false): Promise<T> {
  let version: number | undefined
  for (;;) {
    try {
      return await save(version)
    } catch (error) {
      if (!(error instanceof Failure) || error.status !== 412 || !error.current) throw error
      const theirs = error.current as T
      const found = differences(mine, theirs)
      if (found.length === 0 && !always) return theirs
      Object.assign(clash, { open: true, noun, differences: found })
      if (!(await new Promise<boolean>((resolve) => (answer = resolve)))) return theirs
      version = theirs.version
    }
  }
}
