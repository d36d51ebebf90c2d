import { computed } from 'vue'
import { useRoute } from 'vue-router'
import { useInstance } from '@/api/instance'
import { useTeam } from '@/api/team'

/** The instance in the address. */
export function useHere() {
  const route = useRoute()
  const id = computed(() => String(route.params.instance ?? ''))
  const { team, may } = useTeam()
  const query = useInstance(() => (may('instance:read') ? id.value : undefined))
  const to = (name: string, extra: object = {}) => ({ name, params: { team: String(route.params.team), instance: id.value }, ...extra })
  return { id, query, instance: query.data, team, may, to }
}
