import { computed } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useApplications } from '@/api/application'
import { useInstances } from '@/api/instance'
import { useTeam } from '@/api/team'
import { actIcon, actsFor, useInstanceActions } from '@/part/instance_actions'
import { adminPages } from '@/page/admin/pages'
import { session, signOut } from '@/session/session'
import { t } from '@/text'
import { help, offer, onKeys, commands } from '../command/command'
import type { Command } from '../command/search'
import { dark, theme } from '../theme'
import { teamPages } from './places'

/** What can be done from anywhere: every page, every thing, and the actions of the shell. */
export function offerEverywhere(): void {
  const router = useRouter()
  const route = useRoute()
  const { act } = useInstanceActions()
  const { team, teams, may } = useTeam()
  const slug = computed(() => team.value?.slug ?? '')
  const applications = useApplications(() => (may('application:read') ? team.value?.id : undefined))
  const instances = useInstances(() => (may('instance:read') ? team.value?.id : undefined))
  const go = (name: string, params: Record<string, string> = {}, query = {}) => void router.push({ name, params: { team: slug.value, ...params }, query })

  const things = computed<Command[]>(() => {
    const named = new Map(applications.data.value?.map((a) => [a.id, a.name]))
    return [
      ...(instances.data.value ?? []).map((i) => ({
        id: i.id, label: i.name, hint: named.get(i.application), words: `${i.label} ${i.state}`, icon: 'i-lucide-server', state: i.state,
        group: t('nav.instances'), run: () => go('instance', { instance: i.id }),
      })),
      ...(instances.data.value ?? []).map((i) => ({
        id: `edit-${i.id}`, label: t('command.edit', { name: i.name }), icon: 'i-lucide-workflow', group: t('command.editors'), run: () => go('instance-editor', { instance: i.id }),
      })),
      ...(instances.data.value ?? []).filter((i) => i.dashboardUrl).map((i) => ({
        id: `dashboard-${i.id}`, label: t('command.dashboard', { name: i.name }), icon: 'i-lucide-gauge', group: t('nav.dashboards'), run: () => go('instance-dashboard', { instance: i.id }),
      })),
      // Those of the instance in view are offered by its page, first.
      ...(may('instance:operate') ? (instances.data.value ?? []).filter((i) => i.id !== route.params.instance) : []).flatMap((i) => actsFor(i).map((a) => ({
        id: `${a}-${i.id}`, label: t(`instance.actOn.${a}`, { name: i.name }), hint: named.get(i.application), icon: actIcon[a], group: t('command.actions'), run: () => act(a, [i]),
      }))),
      ...(applications.data.value ?? []).map((a) => ({
        id: a.id, label: a.name, icon: 'i-lucide-layers', group: t('nav.applications'), run: () => go('application', { application: a.id }),
      })),
    ]
  })
  const pages = computed<Command[]>(() => [
    ...(team.value ? teamPages.filter((p) => may(p.may)) : []).map((p) => ({ id: p.name, label: t(p.label), icon: p.icon, group: t('command.pages'), keys: p.keys, run: () => go(p.name) })),
    { id: 'account', label: t('account.title'), icon: 'i-lucide-circle-user', group: t('command.pages'), words: 'password tokens sessions', run: () => void router.push({ name: 'account' }) },
    ...(session.user?.admin ? adminPages : []).map((p) => ({
      id: `admin-${p.name}`, label: t(p.label), hint: t('admin.title'), icon: p.icon, group: t('admin.title'), words: p.words, run: () => void router.push({ name: p.name }),
    })),
  ])
  const actions = computed<Command[]>(() => [
    ...(may('instance:create') ? [{ id: 'new-instance', label: t('instance.create'), icon: 'i-lucide-plus', group: t('command.actions'), run: () => go('instances', {}, { create: '1' }) }] : []),
    ...(may('application:create') ? [{ id: 'new-application', label: t('application.create'), icon: 'i-lucide-plus', group: t('command.actions'), run: () => go('applications', {}, { create: '1' }) }] : []),
    ...(may('invitation:create') ? [{ id: 'invite', label: t('member.invite'), icon: 'i-lucide-user-plus', group: t('command.actions'), run: () => go('members', {}, { create: '1' }) }] : []),
    { id: 'theme', label: t(dark.value ? 'theme.toLight' : 'theme.toDark'), icon: 'i-lucide-contrast', group: t('command.actions'), keys: 'Shift D', run: turnTheme },
    { id: 'help', label: t('shortcut.title'), icon: 'i-lucide-keyboard', group: t('command.actions'), keys: '?', run: () => (help.open = true) },
    { id: 'sign-out', label: t('session.signOut'), icon: 'i-lucide-log-out', group: t('command.actions'), run: () => void signOut() },
  ])
  const others = computed<Command[]>(() =>
    (teams.data.value ?? []).filter((x) => x.id !== team.value?.id).map((x) => ({
      id: x.id, label: x.name, icon: 'i-lucide-users', group: t('command.teams'), run: () => void router.push({ name: 'team', params: { team: x.slug } }),
    })),
  )
  offer(() => [...pages.value, ...actions.value, ...things.value, ...others.value])

  function turnTheme(): void {
    theme.value = dark.value ? 'light' : 'dark'
  }

  /** The search of the list in view; where there is none, the search of everything. */
  function find(): void {
    const box = document.querySelector<HTMLInputElement>('[data-search] input, input[data-search]')
    if (box) box.focus()
    else commands.open = true
  }

  onKeys(() => ({
    '?': () => (help.open = true),
    '/': find,
    D: turnTheme,
    ...(team.value ? Object.fromEntries(teamPages.filter((p) => may(p.may)).map((p) => [p.keys, () => go(p.name)])) : {}),
  }))
}
