import { Failure, failureOf } from './problem'

const base = '/api/v1'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Ask {
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** A body that is JSON already: a file is passed on as it stands, with numbers that JavaScript would round. */
  json?: string
  /** The answer as text, for files that must not be read and written anew. */
  text?: boolean
  /** The version that the change was made from: sent as If-Match. */
  version?: number
  /** Makes a create safe to repeat. */
  key?: string
  signal?: AbortSignal
  /** Set where a 401 is an answer (signing in) and not the end of the session. */
  stranger?: boolean
}

/**
 * What happens when the session is over: resolves once the same person is signed in again, after which the call
 * is repeated. So nothing that was being saved is lost by an idle end.
 */
let renewed: (() => Promise<void>) | undefined

export function onSessionOver(fn: () => Promise<void>): void {
  renewed = fn
}

export async function send<T>(method: Method, path: string, ask: Ask = {}): Promise<T> {
  for (;;) {
    const response = await once(method, path, ask)
    if (response.ok) return response.status === 204 || response.status === 205 ? (undefined as T) : ((await (ask.text ? response.text() : parsed(response))) as T)
    if (response.status === 401 && !ask.stranger && renewed) {
      await renewed()
      continue
    }
    throw await failureOf(response)
  }
}

async function once(method: Method, path: string, ask: Ask): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const body = ask.json ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body))
  if (body !== undefined) headers['Content-Type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  if (ask.version !== undefined) headers['If-Match'] = `"${ask.version}"`
  if (ask.key) headers['Idempotency-Key'] = ask.key
  try {
    return await fetch(address(path, ask.query), {
      method,
      headers,
      credentials: 'same-origin',
      body,
      signal: ask.signal,
    })
  } catch (error) {
    if (ask.signal?.aborted) throw error
    throw new Failure(0, { code: 'unreachable', detail: String(error) })
  }
}

export function address(path: string, query: Ask['query'] = {}): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  if (set.length === 0) return base + path
  return `${base}${path}?${new URLSearchParams(set.map(([k, v]) => [k, String(v)]))}`
}

async function parsed(response: Response): Promise<unknown> {
  const body = await response.text()
  return body === '' ? undefined : JSON.parse(body)
}

/** Every page of a list, one after the other, for the lists that are sorted and filtered here. */
export async function sendAll<T>(path: string, ask: Ask = {}): Promise<T[]> {
  const all: T[] = []
  let cursor: string | undefined
  do {
    const page = await send<{ items: T[] | null; next: string | null }>('GET', path, { ...ask, query: { limit: 500, ...ask.query, cursor } })
    all.push(...(page.items ?? []))
    cursor = page.next ?? undefined
  } while (cursor)
  return all
}

/** The query of a list that is not paged. */
export const whole = { limit: undefined }
