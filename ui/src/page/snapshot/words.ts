import type { Snapshot } from '@/api/snapshot'
import { said, t } from '@/text'
import { stamped } from '@/text/time'

export const kindIcon: Record<Snapshot['kind'], string> = { manual: 'i-lucide-camera', auto: 'i-lucide-history', safety: 'i-lucide-life-buoy', import: 'i-lucide-file-down' }

/** How a snapshot came to be, in words: "By hand", "After a deploy". */
export function origin(s: Pick<Snapshot, 'kind' | 'trigger'>): string {
  if (s.kind === 'auto' && s.trigger) return said(`snapshot.trigger.${s.trigger}`, said(`snapshot.kind.${s.kind}`, s.kind))
  return said(`snapshot.kind.${s.kind}`, s.kind)
}

/** Tells snapshots apart where their names alone are shown: those without one by their moment. */
export function distinct(s: Pick<Snapshot, 'kind' | 'trigger' | 'name' | 'createdAt'>): string {
  return s.name || `${title(s)} · ${stamped(s.createdAt)}`
}

/** Snapshots that were made by themselves have no name that anybody gave them. */
export function title(s: Pick<Snapshot, 'kind' | 'trigger' | 'name'>): string {
  return s.name || origin(s) || t('snapshot.one')
}
