import type { Key } from '@/text'

/** The pages of a team, with the permission that shows them. */
export interface TeamPage { name: string; label: Key; icon: string; may: string; group: 'work' | 'team'; keys: string; /** other pages that belong to it */ also?: string }

export const teamPages: TeamPage[] = [
  { name: 'home', label: 'nav.home', icon: 'i-lucide-house', may: 'instance:read', group: 'work', keys: 'g h' },
  { name: 'applications', label: 'nav.applications', icon: 'i-lucide-layers', may: 'application:read', group: 'work', keys: 'g a', also: 'application' },
  { name: 'instances', label: 'nav.instances', icon: 'i-lucide-server', may: 'instance:read', group: 'work', keys: 'g i', also: 'instance' },
  { name: 'dashboards', label: 'nav.dashboards', icon: 'i-lucide-gauge', may: 'dashboard:list', group: 'work', keys: 'g d' },
  { name: 'members', label: 'nav.members', icon: 'i-lucide-users', may: 'member:list', group: 'team', keys: 'g m' },
  { name: 'team-audit', label: 'nav.audit', icon: 'i-lucide-scroll-text', may: 'team:audit', group: 'team', keys: 'g l' },
  { name: 'team-settings', label: 'nav.settings', icon: 'i-lucide-settings', may: 'team:edit', group: 'team', keys: 'g s' },
]
