import { createRouter, createWebHistory, START_LOCATION, type RouteLocationNormalized } from 'vue-router'
import { queries } from '@/api/live'
import { sendAll } from '@/api/send'
import type { Team } from '@/api/shapes'
import { lastTeam } from '@/part/place'
import { useTell } from '@/part/tell'
import { loadStatus, session, whoIsThere } from '@/session/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Nobody needs to be signed in. */
    open?: boolean
    /** The page fills the window: no sidebar, no top bar. */
    full?: boolean
  }
}

const instancePages = [
  { path: '', name: 'instance', component: () => import('./page/instance/Overview.vue') },
  { path: 'dashboard', name: 'instance-dashboard', component: () => import('./page/instance/Dashboard.vue'), meta: { full: true } },
  { path: 'editor', name: 'instance-editor', component: () => import('./page/instance/Editor.vue'), meta: { full: true } },
  { path: 'logs', name: 'instance-logs', component: () => import('./page/instance/Logs.vue') },
  { path: 'snapshots', name: 'instance-snapshots', component: () => import('./page/snapshot/OfInstance.vue') },
  { path: 'history', name: 'instance-history', component: () => import('./page/timeline/OfInstance.vue') },
  { path: 'context', name: 'instance-context', component: () => import('./page/context/OfInstance.vue') },
  { path: 'environment', name: 'instance-environment', component: () => import('./page/instance/Environment.vue') },
  { path: 'audit', name: 'instance-audit', component: () => import('./page/instance/Audit.vue') },
  { path: 'settings', name: 'instance-settings', component: () => import('./page/instance/Settings.vue') },
]

const teamPages = [
  { path: '', name: 'home', component: () => import('./page/home/Home.vue') },
  { path: 'applications', name: 'applications', component: () => import('./page/application/List.vue') },
  { path: 'application/:application', name: 'application', component: () => import('./page/application/Application.vue') },
  { path: 'application/:application/snapshots', name: 'application-snapshots', component: () => import('./page/snapshot/OfApplication.vue') },
  { path: 'snapshots', name: 'snapshots', component: () => import('./page/snapshot/Team.vue') },
  { path: 'snapshot/:snapshot', name: 'snapshot', component: () => import('./page/snapshot/Snapshot.vue') },
  { path: 'compare', name: 'compare', component: () => import('./page/comparison/Compare.vue') },
  { path: 'instances', name: 'instances', component: () => import('./page/instance/List.vue') },
  { path: 'dashboards', name: 'dashboards', component: () => import('./page/dashboard/List.vue') },
  { path: 'members', name: 'members', component: () => import('./page/member/List.vue') },
  { path: 'audit', name: 'team-audit', component: () => import('./page/audit_event/Team.vue') },
  { path: 'settings', name: 'team-settings', component: () => import('./page/team/Settings.vue') },
  { path: 'instance/:instance', component: () => import('./page/instance/Instance.vue'), children: instancePages },
]

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/setup', name: 'setup', component: () => import('./page/setup/Setup.vue'), meta: { open: true } },
    { path: '/sign-in', name: 'sign-in', component: () => import('./page/session/SignIn.vue'), meta: { open: true } },
    { path: '/password-reset', name: 'password-reset', component: () => import('./page/password_reset/Use.vue'), meta: { open: true } },
    { path: '/forgot-password', name: 'password-reset-ask', component: () => import('./page/password_reset/Ask.vue'), meta: { open: true } },
    { path: '/new-password', name: 'must-change', component: () => import('./page/user/MustChange.vue') },
    { path: '/invitation', name: 'invitation', component: () => import('./page/invitation/Accept.vue'), meta: { open: true } },
    { path: '/approve/:request', name: 'approve', component: () => import('./page/session/Approve.vue') },
    {
      path: '/',
      component: () => import('./part/shell/Shell.vue'),
      children: [
        { path: '', name: 'start', redirect: { name: 'teams' } },
        { path: 'team', name: 'teams', component: () => import('./page/team/List.vue'), beforeEnter: toOwnTeam },
        { path: 'team/create', name: 'team-create', component: () => import('./page/team/Create.vue') },
        { path: 'team/:team', name: 'team', redirect: (to) => ({ name: 'home', params: to.params }) },
        { path: 'team/:team', beforeEnter: toRolesPage, children: teamPages },
        { path: 'instance/:instance', name: 'instance-by-id', component: () => import('./page/instance/ById.vue') },
        { path: 'account', name: 'account', component: () => import('./page/user/Account.vue') },
        { path: 'admin', name: 'statistics', component: () => import('./page/statistics/Overview.vue') },
        { path: 'admin/teams', name: 'admin-teams', component: () => import('./page/admin/Teams.vue') },
        { path: 'admin/team-types', name: 'team-types', component: () => import('./page/team_type/List.vue') },
        { path: 'admin/instance-types', name: 'instance-types', component: () => import('./page/instance_type/List.vue') },
        { path: 'admin/stacks', name: 'stacks', component: () => import('./page/stack/List.vue') },
        { path: 'admin/settings', name: 'settings', component: () => import('./page/setting/Platform.vue') },
        { path: 'admin/mail', name: 'mail', component: () => import('./page/setting/Mail.vue') },
        { path: 'admin/announcements', name: 'announcements', component: () => import('./page/announcement/List.vue') },
        { path: 'admin/users', name: 'users', component: () => import('./page/admin/Users.vue') },
        { path: 'admin/audit', name: 'platform-audit', component: () => import('./page/admin/Audit.vue') },
        { path: ':rest(.*)*', name: 'lost', component: () => import('./page/home/Lost.vue') },
      ],
    },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? undefined,
})

const teams = () => queries.ensureQueryData({ queryKey: ['teams'], queryFn: () => sendAll<Team>('/teams') })

/** The first page is the team where the person was last. */
async function toOwnTeam(to: RouteLocationNormalized) {
  if (to.query.all !== undefined) return true
  const mine = await teams()
  const last = lastTeam(session.user?.id ?? '')
  const team = mine.find((x) => x.slug === last) ?? mine[0]
  return team ? { name: 'home', params: { team: team.slug }, replace: true } : true
}

/** Who may see dashboards alone lands on them. */
async function toRolesPage(to: RouteLocationNormalized) {
  const team = (await teams().catch(() => [])).find((x) => x.slug === to.params.team)
  if (!team || team.permissions.includes('instance:read')) return true
  return to.name === 'dashboards' || to.name === 'instance-dashboard' ? true : { name: 'dashboards', params: to.params, replace: true }
}

router.beforeEach(async (to) => {
  if (session.phase === 'unknown') {
    const status = session.status ?? (await loadStatus())
    if (status.setupNeeded) return to.name === 'setup' ? true : { name: 'setup', hash: to.hash }
    if (to.name === 'setup') return { name: 'sign-in' }
    await whoIsThere()
  }
  if (to.meta.open) return to.name === 'sign-in' && session.phase === 'in' ? target(to) : true
  const must = session.user?.mustChangePassword === true
  if (must !== (to.name === 'must-change') && session.phase === 'in') return must ? { name: 'must-change', query: { to: to.fullPath } } : '/'
  if (session.phase === 'out') return { name: 'sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } }
  return true
})

/**
 * A page that cannot be opened says so. Where its file alone is missing the server is a newer one with other
 * files: the address is loaded anew.
 */
router.onError((error: unknown, to, from) => {
  if (from === START_LOCATION) return
  const { failed } = useTell()
  const missing = error instanceof Error && /dynamically imported module|module script|preload CSS/i.test(error.message)
  if (missing) loadStatus().then(() => location.assign(to.fullPath), failed)
  else failed(error)
})

/** Where to go after signing in: a path of ours only, never another site. */
export function target(to: RouteLocationNormalized): string {
  const path = to.query.to
  return typeof path === 'string' && /^\/(?![/\\])/.test(path) ? path : '/'
}
