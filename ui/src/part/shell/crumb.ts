import { reactive } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { session } from '@/session/session'

export interface Crumb { label: string; to?: RouteLocationRaw }

/** What the page in view is: its breadcrumbs behind the team, and its title. */
export const trail = reactive({ crumbs: [] as Crumb[] })

export function setTrail(...crumbs: Crumb[]): void {
  trail.crumbs = crumbs
  const names = crumbs.map((c) => c.label).reverse()
  document.title = [...names, session.status?.name || 'Leat'].join(' · ')
}
