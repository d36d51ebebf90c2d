import { computed, reactive, readonly } from 'vue'
import { asFailure } from '@/api/problem'
import { onSessionOver, send } from '@/api/send'
import type { Session, Status, User } from '@/api/shapes'
import { Activity, standing, type Idle } from './idle'

/** unknown: not asked yet. out: nobody. in: a person. covered: the session ended under a page that is kept. */
type Phase = 'unknown' | 'out' | 'in' | 'covered'

const state = reactive({
  phase: 'unknown' as Phase,
  status: undefined as Status | undefined,
  user: undefined as User | undefined,
  /** When the session ends if the person does nothing more, on this machine's clock. */
  endsAt: Infinity,
  /** The end that no activity moves. */
  lifeEndsAt: Infinity,
  now: Date.now(),
  /** Counts the times that a cover was lifted, for the frames that must take a new cookie. */
  renewals: 0,
})

export const session = readonly(state)

const idleMs = computed(() => (state.status?.sessionIdleSeconds ?? 8 * 3600) * 1000)
export const idle = computed<Idle>(() => (state.phase === 'in' ? standing(state.endsAt, state.now, idleMs.value) : 'calm'))
/** Activity cannot move an end that the session's whole life sets. */
export const movable = computed(() => state.endsAt < state.lifeEndsAt)

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('leat-session')
type Word = 'moved' | 'renewed' | 'left'

export async function loadStatus(): Promise<Status> {
  state.status = await send<Status>('GET', '/status', { stranger: true })
  return state.status
}

/** Finds out who is there; asked once per page load. */
export async function whoIsThere(): Promise<void> {
  if (state.phase !== 'unknown') return
  if (!state.status) await loadStatus()
  try {
    enter(await send<User>('GET', '/user', { stranger: true }))
  } catch (error) {
    if (asFailure(error).status !== 401) throw error
    state.phase = 'out'
  }
}

export async function signIn(username: string, password: string): Promise<void> {
  const { user } = await send<{ user: User }>('POST', '/session', { body: { username, password }, stranger: true })
  enter(user)
  say('renewed')
}

/** After setup, or with the new account of an invitation: signs in with what was just chosen. */
export async function enterNew(username: string, password: string): Promise<void> {
  state.status = undefined
  state.phase = 'unknown'
  await whoIsThere()
  if (session.phase === 'out') await signIn(username, password)
}

export async function signOut(): Promise<void> {
  try {
    await send('DELETE', '/session', { stranger: true })
  } finally {
    say('left')
    leave()
  }
}

export function setUser(user: User): void {
  state.user = user
}

/** Leaves by loading the page anew: nothing of the last person stays in memory. */
export function leave(): void {
  location.assign('/sign-in')
}

let waiting: { promise: Promise<void>; resolve: () => void } | undefined

/** Covers the page until the same person has signed in again. */
export function cover(): Promise<void> {
  if (state.phase === 'out' || state.phase === 'unknown') return Promise.reject(asFailure(new Error('signed out')))
  state.phase = 'covered'
  activity.stop()
  if (!waiting) {
    let resolve = () => {}
    waiting = { promise: new Promise<void>((r) => (resolve = r)), resolve: () => resolve() }
  }
  return waiting.promise
}

/** Signs in on the cover. Another person gets a fresh page: what is under the cover is not theirs. */
export async function uncover(username: string, password: string): Promise<void> {
  const before = state.user?.id
  const { user } = await send<{ user: User }>('POST', '/session', { body: { username, password }, stranger: true })
  if (user.id !== before) {
    location.assign('/')
    return
  }
  enter(user)
  say('renewed')
}

function enter(user: User): void {
  state.user = user
  if (state.phase === 'covered') state.renewals++
  state.phase = 'in'
  void look()
  waiting?.resolve()
  waiting = undefined
}

/** Asks the server when the session ends. Looking is not activity. */
export async function look(): Promise<void> {
  state.endsAt = Date.now() + idleMs.value
  try {
    const { items } = await send<{ items: Session[] | null }>('GET', '/user/sessions', { stranger: true })
    const mine = items?.find((s) => s.current)
    if (mine) note(mine)
  } catch (error) {
    if (asFailure(error).status === 401) void cover()
  }
}

function note(mine: Session): void {
  state.lifeEndsAt = Date.parse(mine.expiresAt)
  state.endsAt = Math.min(Date.parse(mine.idleEndAt), state.lifeEndsAt)
}

const activity = new Activity({
  report: async () => {
    if (state.phase !== 'in') return
    try {
      note(await send<Session>('POST', '/session/activity', { stranger: true }))
      say('moved')
    } catch (error) {
      if (asFailure(error).status !== 401) throw error
      void cover()
    }
  },
})

/** A person did something on the page. */
export function touch(): void {
  if (state.phase === 'in') activity.touch(idle.value === 'warn' && movable.value)
}

function say(word: Word): void {
  channel?.postMessage(word)
}

let looking = false

async function tick(): Promise<void> {
  const before = idle.value
  state.now = Date.now()
  if (state.phase !== 'in' || looking) return
  const after = idle.value
  if (after === before || after === 'calm') return
  // Another tab or an editor may have moved the end: ask before warning, and before covering.
  looking = true
  const end = state.endsAt
  await look()
  looking = false
  state.now = Date.now()
  if (state.endsAt <= end && idle.value === 'over') void cover()
}

/** Starts watching: real input, the clock, and the other tabs. */
export function watchSession(): void {
  onSessionOver(cover)
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const) {
    window.addEventListener(kind, (event) => event.isTrusted && touch(), { passive: true, capture: true })
  }
  setInterval(() => void tick(), 1000)
  document.addEventListener('visibilitychange', () => void tick())
  channel?.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (data === 'left' && state.phase !== 'out') leave()
    else if (data === 'moved' && state.phase === 'in') state.endsAt = Math.min(state.lifeEndsAt, Date.now() + idleMs.value)
    else if (data === 'renewed' && state.phase === 'covered') void resumed()
  })
}

/** Another tab signed in again: if it is the same person, the cover lifts here too. */
async function resumed(): Promise<void> {
  try {
    const user = await send<User>('GET', '/user', { stranger: true })
    if (user.id === state.user?.id) enter(user)
    else location.assign('/')
  } catch {
    // Still signed out: the cover stays.
  }
}
