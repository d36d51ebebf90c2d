import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send, sendAll } from './send'
import type { CreatedHTTPToken, HTTPToken } from './shapes'

export function useHttpTokens(instance: MaybeRefOrGetter<string | undefined>) {
  return useQuery({
    queryKey: ['instance', computed(() => toValue(instance)), 'http-tokens'],
    queryFn: ({ signal }) => sendAll<HTTPToken>(`/instances/${toValue(instance)}/http-tokens`, { signal }),
    enabled: () => !!toValue(instance),
  })
}

export const httpToken = {
  create: (instance: string, body: { name: string; expiresAt?: string }, key: string) => send<CreatedHTTPToken>('POST', `/instances/${instance}/http-tokens`, { body, key }),
  revoke: (instance: string, id: string) => send<void>('DELETE', `/instances/${instance}/http-tokens/${id}`),
}
