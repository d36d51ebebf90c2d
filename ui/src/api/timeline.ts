import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { components } from './schema'
import { send } from './send'
import type { List } from './shapes'

type Schemas = components['schemas']
export type TimelineEntry = Schemas['TimelineEntry']
export type TimelineKind = TimelineEntry['kind']
export type ChangedNames = Schemas['ChangedNames']
export interface TimelineFilter { kind?: string; from?: string; to?: string }

/** What happened to an instance, the newest first. A change of the instance asks for it anew. */
export function useTimeline(instance: MaybeRefOrGetter<string | undefined>, filter: MaybeRefOrGetter<TimelineFilter> = {}, limit = 100) {
  return useInfiniteQuery({
    queryKey: ['instance', computed(() => toValue(instance)), 'timeline', computed(() => toValue(filter)), limit],
    queryFn: ({ pageParam, signal }) =>
      send<List<TimelineEntry>>('GET', `/instances/${toValue(instance)}/timeline`, { query: { limit, cursor: pageParam || undefined, ...toValue(filter) }, signal }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: () => !!toValue(instance),
  })
}

export const timeline = {
  newest: (instance: string, limit: number, signal?: AbortSignal) => send<List<TimelineEntry>>('GET', `/instances/${instance}/timeline`, { query: { limit }, signal }),
}
