import type { Key } from '@/text'

export type Pane = 'snapshots' | 'compare' | 'history' | 'logs' | 'environment'

const panes: { name: Pane; label: Key; icon: string; may: string }[] = [
  { name: 'snapshots', label: 'instance.tab.snapshots', icon: 'i-lucide-camera', may: 'snapshot:read' },
  { name: 'compare', label: 'comparison.title', icon: 'i-lucide-git-compare', may: 'snapshot:read' },
  { name: 'history', label: 'instance.tab.history', icon: 'i-lucide-history', may: 'timeline:read' },
  { name: 'logs', label: 'instance.tab.logs', icon: 'i-lucide-logs', may: 'instance:logs' },
  { name: 'environment', label: 'instance.tab.environment', icon: 'i-lucide-braces', may: 'environment:read' },
]

/** What can be opened beside the editor. */
export function panesFor(may: (permission: string) => boolean) {
  return panes.filter((p) => may(p.may))
}
