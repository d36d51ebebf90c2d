import { beforeEach, describe, expect, it, vi } from 'vitest'

const ada = { id: 'u-1', username: 'ada', name: 'Ada', email: 'a@x.example', admin: false, suspended: false, version: 1, createdAt: '2026-01-01T00:00:00Z', signedInAt: null }

/** A server as small as the session needs it. */
function serve() {
  const state = { signedIn: true, asked: [] as string[] }
  const json = (body: unknown, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status }))
  vi.stubGlobal('fetch', (url: string, init: RequestInit = {}) => {
    const route = `${init.method ?? 'GET'} ${url.replace('/api/v1', '')}`
    state.asked.push(route)
    if (route === 'GET /status') return json({ setupNeeded: false, sessionIdleSeconds: 3600, sessionLifeSeconds: 86_400 })
    if (route === 'POST /session') {
      if (!(init.body as string).includes('right')) return json({ status: 401, code: 'bad_credentials', detail: 'Username or password is wrong.' }, 401)
      state.signedIn = true
      return json({ user: ada })
    }
    if (!state.signedIn) return json({ status: 401, code: 'not_signed_in', detail: 'Sign in to continue.' }, 401)
    if (route === 'GET /user') return json(ada)
    if (route === 'GET /user/sessions') return json({ items: [], next: null })
    return json({ ok: route })
  })
  return state
}

describe('the cover', () => {
  beforeEach(() => vi.resetModules())

  async function load() {
    const session = await import('@/session/session')
    const { onSessionOver, send } = await import('@/api/send')
    onSessionOver(session.cover)
    await session.whoIsThere()
    return { ...session, send }
  }

  it('comes with the first refused call, which is repeated after signing in again', async () => {
    const server = serve()
    const { session, send, uncover } = await load()
    expect(session.phase).toBe('in')
    server.signedIn = false
    const saving = send('PUT', '/instances/i-1/environment', { body: { items: [] } })
    const reading = send('GET', '/teams')
    await vi.waitFor(() => expect(session.phase).toBe('covered'))
    await uncover('ada', 'right')
    expect(session.phase).toBe('in')
    expect(session.renewals).toBe(1)
    expect(await saving).toEqual({ ok: 'PUT /instances/i-1/environment' })
    expect(await reading).toEqual({ ok: 'GET /teams' })
    expect(server.asked.filter((r) => r.startsWith('PUT'))).toHaveLength(2)
  })

  it('stays when the password is wrong, and keeps the calls waiting', async () => {
    const server = serve()
    const { session, send, uncover } = await load()
    server.signedIn = false
    let done = false
    const saving = send('PATCH', '/instances/i-1', { body: {} }).then(() => (done = true))
    await vi.waitFor(() => expect(session.phase).toBe('covered'))
    await expect(uncover('ada', 'nope')).rejects.toMatchObject({ code: 'bad_credentials' })
    expect(session.phase).toBe('covered')
    expect(done).toBe(false)
    await uncover('ada', 'right')
    await saving
    expect(done).toBe(true)
  })

  it('does not come for somebody who never signed in', async () => {
    const server = serve()
    server.signedIn = false
    const { session, send } = await load()
    expect(session.phase).toBe('out')
    await expect(send('GET', '/teams')).rejects.toThrow()
    expect(session.phase).toBe('out')
  })
})
