import { useInfiniteQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send } from './send'
import type { AuditEvent, List } from './shapes'

export interface AuditFilter { actor?: string; event?: string; object?: string; from?: string; to?: string }

/** The audit log of "team/…", "instance/…" or "platform", page by page as it is scrolled. */
export function useAudit(of: MaybeRefOrGetter<{ key: unknown[]; path: string } | undefined>, filter: MaybeRefOrGetter<AuditFilter>) {
  return useInfiniteQuery({
    queryKey: computed(() => [...(toValue(of)?.key ?? ['audit', '']), 'events', toValue(filter)]),
    queryFn: ({ pageParam, signal }) =>
      send<List<AuditEvent>>('GET', toValue(of)!.path, { query: { limit: 100, cursor: pageParam, ...toValue(filter) }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    enabled: () => !!toValue(of),
  })
}
