import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { components } from './schema'
import { send } from './send'

type Schemas = components['schemas']
export type Context = Schemas['Context']
export type ContextScope = Schemas['ContextScope']
export type ContextEntry = Schemas['ContextEntry']

type Id = MaybeRefOrGetter<string | undefined>
const key = (id: Id) => ['instance', computed(() => toValue(id)), 'context'] as const

/** Flows write all the time: what is looked at is asked for again. */
const again = 10_000

export function useContextScopes(id: Id) {
  return useQuery({
    queryKey: [...key(id), 'scopes'],
    queryFn: ({ signal }) => send<Context>('GET', `/instances/${toValue(id)}/context`, { signal }),
    enabled: () => !!toValue(id),
    refetchInterval: again,
    staleTime: 0,
  })
}

export function useContextEntries(id: Id, scope: Id, prefix: MaybeRefOrGetter<string>) {
  return useInfiniteQuery({
    queryKey: [...key(id), computed(() => toValue(scope)), computed(() => toValue(prefix))],
    queryFn: ({ pageParam, signal }) =>
      send<Context>('GET', `/instances/${toValue(id)}/context`, { query: { scope: toValue(scope), key: toValue(prefix) || undefined, cursor: pageParam || undefined, limit: 100 }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: () => !!toValue(id) && !!toValue(scope),
    staleTime: 0,
  })
}

const at = (instance: string, scope: string, name: string) => `/instances/${instance}/context/${encodeURIComponent(scope)}/${encodeURIComponent(name)}`

export const context = {
  put: (instance: string, scope: string, name: string, value: string, store?: string) =>
    send<void>('PUT', at(instance, scope, name), { json: `{"value":${value}${store ? `,"store":${JSON.stringify(store)}` : ''}}` }),
  remove: (instance: string, scope: string, name: string, store?: string) => send<void>('DELETE', at(instance, scope, name), { query: { store } }),
}
