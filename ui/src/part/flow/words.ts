import type { FieldDiff, NodeDiff } from '@/api/comparison'
import { said, t } from '@/text'

/** What differs of a node, in a few words: "2 properties, code +3 −1, 1 wire". */
export function brief(d: NodeDiff): string {
  if (d.change === 'added' || d.change === 'removed') return t(`comparison.${d.change}`)
  const parts: string[] = []
  const properties = d.properties?.length ?? 0
  if (properties === 1) parts.push(propertyName(d.properties![0]!.name))
  else if (properties > 1) parts.push(t('comparison.properties', { n: properties }))
  for (const code of d.code ?? []) parts.push(`${propertyName(code.property)} +${code.added} −${code.removed}`)
  const wires = (d.wires ?? []).reduce((n, w) => n + w.added.length + w.removed.length, 0)
  if (wires > 0) parts.push(t('comparison.wires', { n: wires }))
  else if ((d.wires ?? []).length > 0) parts.push(t('comparison.wiresReordered'))
  if (d.members) parts.push(t('comparison.members'))
  if (d.credentials) parts.push(t('comparison.credentials'))
  if (d.flow) parts.push(t('comparison.otherFlow'))
  if (d.group) parts.push(t('comparison.otherGroup'))
  if (d.moved) parts.push(t('comparison.moved'))
  // Node-RED writes an output without wires or leaves it out: nothing else is left to differ.
  return parts.join(', ') || t('comparison.outputs')
}

/** Node-RED's names of properties as people call them; others as they stand. */
export function propertyName(name: string): string {
  return said(`comparison.property.${name}`, name)
}

const longest = 4000

/** A value of a flow file as words. Text stands as it is, the rest as JSON. */
export function valueText(value: unknown): string {
  if (value === undefined) return t('comparison.absent')
  if (value === '') return t('comparison.emptyText')
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, typeof value === 'object' && JSON.stringify(value).length > 60 ? 2 : undefined)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

export function sideText(d: FieldDiff, side: 'from' | 'to'): string {
  const size = side === 'from' ? d.fromSize : d.toSize
  return size ? t('comparison.leftOut', { size: bytes(size) }) : valueText(d[side])
}

export function bytes(n: number): string {
  if (n < 1024) return t('unit.bytes', { n })
  return n < 1024 * 1024 ? t('unit.kib', { n: n / 1024 }) : t('unit.mib', { n: n / 1024 / 1024 })
}

/** Whether a change answers what is looked for. */
export function found(d: NodeDiff, words: string): boolean {
  const needle = words.trim().toLowerCase()
  if (!needle) return true
  const names = [...(d.properties ?? []).map((p) => p.name), ...(d.code ?? []).map((c) => c.property)]
  if ([d.label, d.type, d.id, ...names].some((text) => text.toLowerCase().includes(needle))) return true
  return (d.code ?? []).some((c) => c.hunks.some((h) => h.lines.some((l) => l.change !== 'same' && l.text.toLowerCase().includes(needle))))
}
