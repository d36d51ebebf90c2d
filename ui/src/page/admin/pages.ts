import type { Key } from '@/text'

/** The pages of administration, in the order of their tabs. */
export const adminPages: { name: string; label: Key; icon: string; words?: string }[] = [
  { name: 'statistics', label: 'admin.overview', icon: 'i-lucide-gauge', words: 'statistics counts' },
  { name: 'users', label: 'admin.users', icon: 'i-lucide-users' },
  { name: 'admin-teams', label: 'admin.teams', icon: 'i-lucide-building-2', words: 'limits suspend' },
  { name: 'team-types', label: 'admin.teamTypes', icon: 'i-lucide-scale', words: 'limits' },
  { name: 'instance-types', label: 'admin.instanceTypes', icon: 'i-lucide-ruler', words: 'size memory cpu' },
  { name: 'stacks', label: 'admin.stacks', icon: 'i-lucide-layers-2', words: 'node-red node.js version' },
  { name: 'settings', label: 'nav.settings', icon: 'i-lucide-settings', words: 'platform name sign-in' },
  { name: 'mail', label: 'admin.mail', icon: 'i-lucide-mail', words: 'smtp letters' },
  { name: 'announcements', label: 'admin.announcements', icon: 'i-lucide-megaphone', words: 'banner tell everybody' },
  { name: 'platform-audit', label: 'nav.audit', icon: 'i-lucide-scroll-text' },
]
