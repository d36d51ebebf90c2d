import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send, sendAll } from './send'
import type { Application, Instance } from './shapes'

type Id = MaybeRefOrGetter<string | undefined>

export function useApplications(team: Id) {
  return useQuery({
    queryKey: ['applications', computed(() => toValue(team))],
    queryFn: ({ signal }) => sendAll<Application>(`/teams/${toValue(team)}/applications`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export function useApplication(id: Id) {
  return useQuery({
    queryKey: ['application', computed(() => toValue(id))],
    queryFn: ({ signal }) => send<Application>('GET', `/applications/${toValue(id)}`, { signal }),
    enabled: () => !!toValue(id),
  })
}

export function useApplicationInstances(id: Id) {
  return useQuery({
    queryKey: ['application', computed(() => toValue(id)), 'instances'],
    queryFn: ({ signal }) => sendAll<Instance>(`/applications/${toValue(id)}/instances`, { signal }),
    enabled: () => !!toValue(id),
  })
}

export const application = {
  create: (team: string, body: { name: string; description?: string }, key: string) =>
    send<Application>('POST', `/teams/${team}/applications`, { body, key }),
  edit: (a: Application, body: { name?: string; description?: string }, version = a.version) =>
    send<Application>('PATCH', `/applications/${a.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/applications/${id}`),
}
