import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send } from './send'
import type { List } from './shapes'

export const timelineKinds = ['created', 'deploy', 'restart', 'start', 'stop', 'suspend', 'restore', 'import', 'settings', 'environment', 'modules', 'stack', 'type', 'protect', 'snapshot', 'crash', 'hang', 'safe-mode', 'recovered'] as const
export type TimelineKind = (typeof timelineKinds)[number]
export interface ChangedNames { added?: string[]; changed?: string[]; removed?: string[] }
export interface TimelineSummary {
  nodes?: number; nodeChanges?: { added: number; changed: number; removed: number }; credentials?: boolean; variables?: ChangedNames; modules?: ChangedNames
  fields?: { name: string; from: string; to: string }[]; name?: string; source?: string; components?: string[]; code?: string; reason?: string
}
export interface TimelineEntry {
  id: string; instance: string; time: string; kind: TimelineKind; author?: string; authorId?: string; summary: TimelineSummary; snapshot?: string; before?: string; count: number; lastAt: string
}
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
