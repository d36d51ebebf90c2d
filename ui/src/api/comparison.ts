import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { components } from './schema'
import { send } from './send'

type Schemas = components['schemas']
export type Change = NodeDiff['change']
export type NodeRef = Schemas['NodeRef']
export type FieldDiff = Schemas['FieldDiff']
export type TextDiff = Schemas['TextDiff']
export type NodeDiff = Schemas['NodeDiff']
export type FlowDiff = Schemas['FlowDiff']
export type Comparison = Schemas['Comparison']

/** An instance's id stands for what it holds now, a snapshot's for itself. */
export const isInstance = (id: string): boolean => id.startsWith('i-')

/** What two snapshots hold never changes; what an instance holds does. */
const key = (name: string, ...ids: string[]): string[] => {
  const instance = ids.find(isInstance)
  return instance ? ['instance', instance, name, ...ids] : [name, ...ids]
}

type Id = MaybeRefOrGetter<string | undefined>

export function useComparison(from: Id, to: Id) {
  return useQuery({
    queryKey: computed(() => key('comparison', toValue(from) ?? '', toValue(to) ?? '')),
    queryFn: ({ signal }) => comparison.read(toValue(from)!, toValue(to)!, undefined, signal),
    enabled: () => !!toValue(from) && !!toValue(to),
    staleTime: 60_000,
  })
}

export function useSideFlows(id: Id) {
  return useQuery({
    queryKey: computed(() => key('flows', toValue(id) ?? '')),
    queryFn: ({ signal }) => comparison.flows(toValue(id)!, signal),
    enabled: () => !!toValue(id),
    staleTime: 60_000,
  })
}

export const comparison = {
  read: (from: string, to: string, node?: string, signal?: AbortSignal) => send<Comparison>('GET', '/snapshots/compare', { query: { from, to, node }, signal }),
  flows: (id: string, signal?: AbortSignal) => send<{ flows: unknown; digest: string }>('GET', `/${isInstance(id) ? 'instances' : 'snapshots'}/${id}/flows`, { signal }),
}
