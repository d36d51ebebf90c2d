import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send, sendAll, whole } from './send'
import type {
  Blueprint, Dashboard, EditInstance, Environment, Instance, InstanceType, List, LogLine, NewInstance, Samples, Stack, Variable,
} from './shapes'

type Id = MaybeRefOrGetter<string | undefined>

export function useInstances(team: Id) {
  return useQuery({
    queryKey: ['instances', computed(() => toValue(team))],
    queryFn: ({ signal }) => sendAll<Instance>(`/teams/${toValue(team)}/instances`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export function useDashboards(team: Id) {
  return useQuery({
    queryKey: ['dashboards', computed(() => toValue(team))],
    queryFn: ({ signal }) => sendAll<Dashboard>(`/teams/${toValue(team)}/dashboards`, { signal }),
    enabled: () => !!toValue(team),
  })
}

export function useInstance(id: Id) {
  return useQuery({
    queryKey: ['instance', computed(() => toValue(id))],
    queryFn: ({ signal }) => send<Instance>('GET', `/instances/${toValue(id)}`, { signal }),
    enabled: () => !!toValue(id),
    // While something is on its way its progress is asked for; events tell only of changes of state.
    refetchInterval: ({ state }) => (state.data && moving(state.data) ? 1_500 : false),
  })
}

/** A span of time that ends now (in seconds), or one between two moments. */
export type Span = { seconds: number } | { from: number; to: number }

export function useSamples(id: Id, span: MaybeRefOrGetter<Span>) {
  return useQuery({
    queryKey: ['instance', computed(() => toValue(id)), 'samples', computed(() => toValue(span))],
    queryFn: ({ signal }) => {
      const s = toValue(span)
      const [from, to] = 'seconds' in s ? [Date.now() / 1000 - s.seconds, undefined] : [s.from, s.to]
      const iso = (seconds: number) => new Date(seconds * 1000).toISOString()
      return send<Samples>('GET', `/instances/${toValue(id)}/samples`, { query: { from: iso(from), to: to && iso(to), points: 720 }, signal })
    },
    enabled: () => !!toValue(id),
    refetchInterval: () => {
      const s = toValue(span)
      return 'seconds' in s && (s.seconds <= 3600 ? 10_000 : 60_000)
    },
    placeholderData: (before) => before,
  })
}

export function useEnvironment(id: Id) {
  return useQuery({
    queryKey: ['instance', computed(() => toValue(id)), 'environment'],
    queryFn: ({ signal }) => send<Environment>('GET', `/instances/${toValue(id)}/environment`, { signal }),
    enabled: () => !!toValue(id),
  })
}

const still = { staleTime: 10 * 60_000 }

export function useInstanceTypes() {
  return useQuery({ queryKey: ['instance-types'], queryFn: ({ signal }) => sendAll<InstanceType>('/instance-types', { signal, query: whole }), ...still })
}

export function useStacks() {
  return useQuery({ queryKey: ['stacks'], queryFn: ({ signal }) => sendAll<Stack>('/stacks', { signal, query: whole }), ...still })
}

export function useBlueprints() {
  return useQuery({ queryKey: ['blueprints'], queryFn: ({ signal }) => sendAll<Blueprint>('/blueprints', { signal, query: whole }), ...still })
}

/** On its way from one state to another. */
export function moving(i: Instance): boolean {
  return i.state === 'starting' || i.state === 'stopping' || !!i.progress
}

/** Needs somebody. */
export function troubled(i: Instance): boolean {
  return ['failed', 'crash loop', 'safe mode', 'degraded', 'unreachable'].includes(i.state)
}

export type Act = 'start' | 'stop' | 'restart' | 'suspend'

export const instance = {
  create: (application: string, body: NewInstance, key: string) =>
    send<Instance>('POST', `/applications/${application}/instances`, { body, key }),
  edit: (i: Instance, body: EditInstance, version = i.version) => send<Instance>('PATCH', `/instances/${i.id}`, { body, version }),
  remove: (id: string) => send<void>('DELETE', `/instances/${id}`),
  act: (id: string, act: Act) => send<Instance | undefined>('POST', `/instances/${id}/${act}`),
  environment: (id: string) => send<Environment>('GET', `/instances/${id}/environment`),
  setEnvironment: (id: string, items: Variable[], version: number) =>
    send<Environment>('PUT', `/instances/${id}/environment`, { body: { items, version }, version }),
  logs: (id: string, query: { cursor?: string; limit?: number; level?: string }, signal?: AbortSignal) =>
    send<List<LogLine>>('GET', `/instances/${id}/logs`, { query, signal }),
}
