import { useQuery } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'
import { useRouter, type RouteLocationRaw } from 'vue-router'
import { send } from '@/api/send'
import type { SearchHit, SearchResult } from '@/api/shapes'
import { t } from '@/text'
import type { Command } from './search'

type Kind = SearchHit['kind']

const icons: Record<Kind, string> = {
  team: 'i-lucide-users', application: 'i-lucide-layers', instance: 'i-lucide-server', snapshot: 'i-lucide-camera', member: 'i-lucide-circle-user',
  user: 'i-lucide-circle-user', 'team-type': 'i-lucide-scale', 'instance-type': 'i-lucide-ruler', stack: 'i-lucide-layers-2', dashboard: 'i-lucide-gauge',
}

/** Where a thing that was found is. */
export function placeOf(hit: SearchHit): RouteLocationRaw {
  const team = hit.teamSlug ?? ''
  switch (hit.kind) {
    case 'team':
      return { name: 'home', params: { team } }
    case 'application':
      return { name: 'application', params: { team, application: hit.id } }
    case 'instance':
      return { name: 'instance', params: { team, instance: hit.id } }
    case 'dashboard':
      return { name: 'instance-dashboard', params: { team, instance: hit.id } }
    case 'snapshot':
      return hit.instance ? { name: 'instance-snapshots', params: { team, instance: hit.instance }, query: { open: hit.id } } : { name: 'application', params: { team, application: hit.application ?? '' } }
    case 'member':
      return { name: 'members', params: { team } }
    case 'user':
      return { name: 'users', query: { q: hit.name } }
    case 'team-type':
      return { name: 'team-types', query: { edit: hit.id } }
    case 'instance-type':
      return { name: 'instance-types', query: { edit: hit.id } }
    case 'stack':
      return { name: 'stacks', query: { open: `edit:${hit.id}` } }
  }
}

/** What the platform finds of everything the person may see, a moment after the last key. */
export function useFound(query: Ref<string>) {
  const router = useRouter()
  const settled = ref('')
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(query, (now) => {
    clearTimeout(timer)
    timer = setTimeout(() => (settled.value = now.trim()), 120)
  })
  onScopeDispose(() => clearTimeout(timer))
  const result = useQuery({
    queryKey: ['search', settled],
    queryFn: ({ signal }) => send<SearchResult>('GET', '/search', { signal, query: { q: settled.value } }),
    enabled: () => settled.value.length >= 2,
    staleTime: 10_000,
    placeholderData: (before) => before,
  })
  const found = computed<Command[]>(() =>
    settled.value.length < 2 ? [] : (result.data.value?.groups ?? []).flatMap((group) =>
      (group.items ?? []).map((hit) => ({
        id: `found-${hit.kind}-${hit.id}-${hit.team ?? ''}`, label: hit.name, hint: [hit.detail, hit.kind === 'team' ? '' : hit.teamName].filter(Boolean).join(' · '), icon: icons[hit.kind],
        state: hit.state || undefined, group: t(`command.kind.${hit.kind}`), run: () => void router.push(placeOf(hit)),
      })),
    ),
  )
  return { found, busy: computed(() => result.isFetching.value), failed: computed(() => result.isError.value) }
}
