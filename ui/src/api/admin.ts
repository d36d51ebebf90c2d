import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send, sendAll, whole } from './send'
import type {
  AdminTeam, Announcement, AnnouncementCount, EditAdminTeam, EditInstanceType, EditSettings, EditStack, EditTeamType, InstanceType, Invitation, MailSettings,
  MailTest, NewAnnouncement, NewInstanceType, NewStack, NewTeamType, PlatformSettings, PutMailSettings, Stack, StackUse, Statistics, TeamType, TeamUsage, UserDeletion,
} from './shapes'

/** What administrators look after, and the little of it that others may know. */

const list = <T>(key: string, path: string) => () => useQuery({ queryKey: [key], queryFn: ({ signal }) => sendAll<T>(path, { signal }) })

export const useAdminTeams = list<AdminTeam>('admin-teams', '/admin/teams')
export const useAnnouncements = list<Announcement>('announcement', '/announcements')
export const useAllInvitations = list<Invitation>('all-invitations', '/invitations')

export function useTeamTypes(on: MaybeRefOrGetter<boolean> = true) {
  return useQuery({ queryKey: ['team-type'], queryFn: ({ signal }) => sendAll<TeamType>('/team-types', { signal, query: whole }), enabled: () => toValue(on) })
}

export function useSettings() {
  return useQuery({ queryKey: ['setting'], queryFn: ({ signal }) => send<PlatformSettings>('GET', '/settings', { signal }) })
}

export function useMailSettings() {
  return useQuery({ queryKey: ['setting', 'mail'], queryFn: ({ signal }) => send<MailSettings>('GET', '/settings/mail', { signal }) })
}

export function useStatistics() {
  return useQuery({ queryKey: ['statistics'], queryFn: ({ signal }) => send<Statistics>('GET', '/statistics', { signal }), refetchInterval: 30_000 })
}

export function useStackInstances(stack: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: ['stack', computed(() => toValue(stack)), 'instances'],
    queryFn: ({ signal }) => sendAll<StackUse>(`/stacks/${toValue(stack)}/instances`, { signal }),
    enabled: () => !!toValue(stack),
  })
}

export function useTeamUsage(team: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: ['team', computed(() => toValue(team)), 'usage'],
    queryFn: ({ signal }) => send<TeamUsage>('GET', `/teams/${toValue(team)}/usage`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export const admin = {
  editTeam: (team: AdminTeam, body: EditAdminTeam, version = team.version) => send<AdminTeam>('PATCH', `/admin/teams/${team.id}`, { body, version }),
  userDeletion: (user: string) => send<UserDeletion>('GET', `/users/${user}/deletion`),
  endSessions: (user: string) => send<void>('DELETE', `/users/${user}/sessions`),
}

export const teamType = {
  create: (body: NewTeamType, key: string) => send<TeamType>('POST', '/team-types', { body, key }),
  edit: (type: TeamType, body: EditTeamType, version = type.version) => send<TeamType>('PATCH', `/team-types/${type.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/team-types/${id}`),
}

export const instanceType = {
  create: (body: NewInstanceType, key: string) => send<InstanceType>('POST', '/instance-types', { body, key }),
  edit: (type: InstanceType, body: EditInstanceType, version = type.version) => send<InstanceType>('PATCH', `/instance-types/${type.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/instance-types/${id}`),
}

export const stack = {
  create: (body: NewStack) => send<Stack>('POST', '/stacks', { body }),
  edit: (s: Stack, body: EditStack, version = s.version) => send<Stack>('PATCH', `/stacks/${s.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/stacks/${id}`),
}

export const setting = {
  edit: (before: PlatformSettings, body: EditSettings, version = before.version) => send<PlatformSettings>('PATCH', '/settings', { body, version }),
  putMail: (body: PutMailSettings, version: number) => send<MailSettings>('PUT', '/settings/mail', { body, version: version || undefined }),
  testMail: (to: string, settings?: PutMailSettings) => send<MailTest>('POST', '/settings/mail/test', { body: { to, settings } }),
}

export const announcement = {
  create: (body: NewAnnouncement, key: string) => send<Announcement>('POST', '/announcements', { body, key }),
  count: (body: { roles?: string[]; teamTypes?: string[] }, signal?: AbortSignal) => send<AnnouncementCount>('POST', '/announcements/count', { body, signal }),
  remove: (id: string) => send<void>('DELETE', `/announcements/${id}`),
}
