import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { components } from './schema'
import { sendAll, whole } from './send'

export type Editor = components['schemas']['Editor']

/** Who has the editor of an instance open. */
export function useEditors(instance: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: ['instance', computed(() => toValue(instance)), 'editors'],
    queryFn: ({ signal }) => sendAll<Editor>(`/instances/${toValue(instance)}/editors`, { signal, query: whole }),
    enabled: () => !!toValue(instance),
    retry: false,
  })
}
