import { useQuery } from '@tanstack/vue-query'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useRoute } from 'vue-router'
import { send, sendAll } from './send'
import type { Invitation, Member, Team } from './shapes'

export function useTeams() {
  return useQuery({ queryKey: ['teams'], queryFn: ({ signal }) => sendAll<Team>('/teams', { signal }) })
}

/** The team that was looked at last: pages that belong to no team keep its sidebar. */
const lately = ref('')

/** The team in the address, by its short name; on pages without one, the team of the page before. */
export function useTeam() {
  const route = useRoute()
  const teams = useTeams()
  const team = computed(() => {
    const slug = route.params.team || lately.value
    return teams.data.value?.find((t) => t.slug === slug) ?? (route.params.team ? undefined : teams.data.value?.[0])
  })
  watch(() => route.params.team, (slug) => typeof slug === 'string' && (lately.value = slug), { immediate: true })
  const may = (permission: string): boolean => team.value?.permissions.includes(permission) ?? false
  return { team, teams, may }
}

export function useMembers(team: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: ['members', computed(() => toValue(team))],
    queryFn: ({ signal }) => sendAll<Member>(`/teams/${toValue(team)}/members`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export function useInvitations(team: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: ['invitations', computed(() => toValue(team))],
    queryFn: ({ signal }) => sendAll<Invitation>(`/teams/${toValue(team)}/invitations`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export const team = {
  create: (body: { name: string; slug?: string }, key: string) => send<Team>('POST', '/teams', { body, key }),
  edit: (t: Team, body: { name?: string; slug?: string }, version = t.version) => send<Team>('PATCH', `/teams/${t.id}`, { body, version }),
  remove: (t: Team) => send<void>('DELETE', `/teams/${t.id}`),
}

export const member = {
  setRole: (team: string, user: string, role: string) => send<Member>('PATCH', `/teams/${team}/members/${user}`, { body: { role } }),
  remove: (team: string, user: string) => send<void>('DELETE', `/teams/${team}/members/${user}`),
}

export const invitation = {
  create: (team: string, body: { email?: string; username?: string; role: string }, key: string) =>
    send<Invitation>('POST', `/teams/${team}/invitations`, { body, key }),
  resend: (team: string, id: string) => send<Invitation>('POST', `/teams/${team}/invitations/${id}/resend`),
  remove: (team: string, id: string) => send<void>('DELETE', `/teams/${team}/invitations/${id}`),
}
