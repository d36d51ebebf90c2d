import { QueryClient } from '@tanstack/vue-query'
import { reactive, readonly, watch } from 'vue'
import { cover, session } from '@/session/session'
import { Failure } from './problem'
import { Stream, type Link, type StreamEvent } from './events'
import { address } from './send'
import type { Event, LogLine } from './shapes'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      gcTime: 15 * 60_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && error instanceof Failure && (error.offline || error.status >= 502),
    },
    mutations: { retry: false },
  },
})

const state = reactive({ link: 'closed' as Link, /** since when the stream is away */ since: 0, team: '', logs: '' })
export const live = readonly(state)

type Hear = (event: Event) => void
const hearers = new Set<Hear>()
const logHearers = new Set<(line: LogLine) => void>()

/** Calls fn for each event until the returned function is called. */
export function onEvent(fn: Hear): () => void {
  hearers.add(fn)
  return () => hearers.delete(fn)
}

const stream = new Stream({
  url: () => address('/events', { team: state.team, topics: state.logs ? `logs:${state.logs}` : undefined }),
  onEvent: take,
  onLink: (link) => {
    if (link === 'waiting' && state.link !== 'waiting') state.since ||= Date.now()
    if (link === 'open') {
      // What happened while nobody listened is fetched again, quietly.
      if (state.since) void queries.invalidateQueries()
      state.since = 0
    }
    state.link = link
  },
  onUnauthorized: () => void cover(),
  onRefused: () => {
    // The person has left the team, or was removed: what is their own is followed on.
    state.team = ''
    void queries.invalidateQueries({ queryKey: ['teams'] })
  },
})

function take({ event, data }: StreamEvent): void {
  if (event === 'reset') return void queries.invalidateQueries()
  if (event === 'open') return
  if (event === 'log') return heard(JSON.parse(data) as LogLine & { instance: string })
  let change: Event
  try {
    change = JSON.parse(data) as Event
  } catch {
    return
  }
  if (!change.noun) return
  invalidate(change)
  for (const hear of hearers) hear(change)
}

function heard(line: LogLine & { instance: string }): void {
  if (line.instance !== state.logs) return
  for (const hear of logHearers) hear(line)
}

/** Which cached answers a change makes old. Lists are keyed by their team. */
export function staleKeys(change: Event): unknown[][] {
  const { noun, id, team = '' } = change
  switch (noun) {
    case 'instance':
    case 'flows':
      return [['instance', id], ['instances', team], ['dashboards', team], ['applications', team], ['application']]
    case 'snapshot':
      return [['snapshots'], ['snapshot', id]]
    case 'timeline':
    case 'editors':
    case 'context':
      return [['instance', id, noun]]
    case 'application':
      return [['application', id], ['applications', team]]
    case 'member':
      // A role decides what an instance's answer allows.
      return [['members', team], ['teams'], ['instance']]
    case 'invitation':
      return [['invitations', team]]
    case 'team':
      return [['teams'], ['members', id]]
    case 'session':
      return [['sessions']]
    case 'token':
      return [['tokens']]
    case 'user':
      return [['users'], ['user']]
    case 'environment':
      return [['instance', id, 'environment']]
    case 'stack':
    case 'instance-type':
      return [[`${noun}s`], ...(noun === 'stack' ? [['stack', id]] : [])]
    case 'audit-event':
      return [['audit', team], ['audit', 'platform']]
    default:
      return [[noun]]
  }
}

const pending = new Map<string, unknown[]>()
let flush: ReturnType<typeof setTimeout> | undefined

/** Joins the changes of a moment: forty instances that restart refetch a list once. */
function invalidate(change: Event): void {
  for (const key of staleKeys(change)) pending.set(JSON.stringify(key), key)
  flush ??= setTimeout(() => {
    flush = undefined
    for (const key of pending.values()) void queries.invalidateQueries({ queryKey: key })
    pending.clear()
  }, 150)
}

/** Follows a team; another team opens the stream anew. */
export function followTeam(team: string): void {
  if (state.team === team) return
  state.team = team
  if (running()) stream.restart()
}

/** Follows the logs of one instance until the returned function is called. */
export function followLogs(instance: string, fn: (line: LogLine) => void): () => void {
  logHearers.add(fn)
  state.logs = instance
  if (running()) stream.restart()
  return () => {
    logHearers.delete(fn)
    if (state.logs !== instance) return
    state.logs = ''
    if (running()) stream.restart()
  }
}

function running(): boolean {
  return session.phase === 'in' && !document.hidden
}

/** One stream a tab, closed while the tab is hidden: browsers allow six connections. */
export function goLive(): void {
  const turn = () => (running() ? stream.start() : stream.stop())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) state.since ||= 1
    turn()
  })
  watch(() => session.phase, turn, { immediate: true })
  watch(() => session.renewals, () => void queries.invalidateQueries())
}
