import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send, whole } from './send'
import type { Banner, List, Notification, NotificationCount } from './shapes'

export function useNotificationCount() {
  return useQuery({ queryKey: ['notification', 'count'], queryFn: ({ signal }) => send<NotificationCount>('GET', '/user/notifications/count', { signal }) })
}

/** The inbox, page by page, the newest first. */
export function useNotifications(unread: MaybeRefOrGetter<boolean>) {
  return useInfiniteQuery({
    queryKey: ['notification', 'list', computed(() => toValue(unread))],
    queryFn: ({ pageParam, signal }) =>
      send<List<Notification>>('GET', '/user/notifications', { signal, query: { limit: 50, unread: toValue(unread) ? 'true' : undefined, cursor: pageParam } }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  })
}

export function useBanners() {
  return useQuery({
    queryKey: ['announcement', 'banners'],
    queryFn: async ({ signal }) => (await send<List<Banner>>('GET', '/user/banners', { signal, query: whole })).items ?? [],
    staleTime: 10 * 60_000,
  })
}

export const notification = {
  mark: (ids: string[], read: boolean) => send<NotificationCount>('PATCH', '/user/notifications', { body: { ids, read } }),
  markAll: () => send<NotificationCount>('PATCH', '/user/notifications', { body: { all: true, read: true } }),
  remove: (id: string) => send<void>('DELETE', `/user/notifications/${id}`),
  removeAll: () => send<void>('DELETE', '/user/notifications'),
}

export const passwordReset = {
  ask: (whom: string) => send<void>('POST', '/password-resets', { body: whom.includes('@') ? { email: whom } : { username: whom }, stranger: true }),
  read: (secret: string) => send<{ username: string; expiresAt: string }>('POST', '/password-resets/read', { body: { secret }, stranger: true }),
  use: (secret: string, password: string) => send<void>('POST', '/password-resets/use', { body: { secret, password }, stranger: true }),
}
