import { onScopeDispose } from 'vue'
import { useRouter } from 'vue-router'
import { onEvent, queries } from '@/api/live'
import type { Event, Instance, Team } from '@/api/shapes'
import { said, t } from '@/text'
import { addToast } from '../toast'
import { announce } from './announce'

const settled = ['running', 'stopped', 'suspended', 'degraded', 'failed', 'crash loop', 'safe mode', 'unreachable']
const bad = ['failed', 'crash loop', 'safe mode']

/** Finds an instance in whatever has been fetched. */
function known(id: string): Instance | undefined {
  const one = queries.getQueryData<Instance>(['instance', id])
  if (one) return one
  for (const [, list] of queries.getQueriesData<Instance[]>({ queryKey: ['instances'] })) {
    const found = list?.find((i) => i.id === id)
    if (found) return found
  }
  return undefined
}

/** Says a change of state: read out always, shown as a toast where somebody is needed. */
export function watchStates(): void {
  const router = useRouter()
  const last = new Map<string, string>()

  function open(i: Instance): void {
    const team = queries.getQueryData<Team[]>(['teams'])?.find((x) => x.id === i.team)
    if (team) void router.push({ name: 'instance', params: { team: team.slug, instance: i.id } })
  }

  function hear({ noun, id, state = '' }: Event): void {
    if (noun !== 'instance' || !settled.includes(state)) return
    const one = known(id)
    const before = last.get(id) ?? one?.state
    last.set(id, state)
    if (!one || before === state) return
    const word = said(`state.${state.replace(' ', '_')}`, state)
    const text = t('state.changed', { name: one.name, state: word })
    announce(text)
    if (bad.includes(state)) {
      addToast({ about: `state-${id}`, title: text, tone: 'bad', stays: 12_000, action: { label: t('action.look'), run: () => open(one) } })
    }
  }
  onScopeDispose(onEvent(hear))
}
