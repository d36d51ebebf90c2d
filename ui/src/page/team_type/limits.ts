import type { TeamLimits } from '@/api/shapes'

/** The limits that a form shows, in its order. */
export const kinds = ['members', 'instances', 'snapshots'] as const

/** Limits as a form holds them: an empty text is no limit of its own. */
export type LimitDraft = Record<(typeof kinds)[number], string> & { types: Record<string, string> }

const text = (n: number | null | undefined): string => (n === null || n === undefined ? '' : n < 0 ? '∞' : String(n))
const value = (s: string): number | null => (s.trim() === '' ? null : s.trim() === '∞' || s.trim() === '-1' ? -1 : Math.max(0, Math.floor(Number(s))))

export function toDraft(limits: TeamLimits | undefined): LimitDraft {
  const types = Object.fromEntries(Object.entries(limits?.instancesOfType ?? {}).map(([id, n]) => [id, text(n)]))
  return { members: text(limits?.members), instances: text(limits?.instances), snapshots: text(limits?.snapshots), types }
}

export function fromDraft(draft: LimitDraft): TeamLimits {
  const out: TeamLimits = { members: value(draft.members), instances: value(draft.instances), snapshots: value(draft.snapshots) }
  const types = Object.entries(draft.types).flatMap(([id, s]) => { const n = value(s); return n === null ? [] : [[id, n] as const] })
  return types.length > 0 ? { ...out, instancesOfType: Object.fromEntries(types) } : out
}

/** Whether what was typed is a limit: a number, or the sign for none. */
export const fits = (s: string): boolean => /^\s*(\d{1,7}|∞|-1)?\s*$/.test(s)
