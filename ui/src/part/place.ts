/** Where a person was, kept in this browser only: for "where was I" and the first page after signing in. */
export interface Place { path: string; name: string; kind: 'instance' | 'application' | 'dashboard'; team: string; at: number }

const key = (user: string) => `leat-places-${user}`

export function places(user: string): Place[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(user)) ?? '[]')
    return Array.isArray(found) ? (found as Place[]) : []
  } catch {
    return []
  }
}

/** Notes a visit: the newest first, each thing once, eight at most. */
export function visited(list: Place[], place: Place): Place[] {
  const root = (path: string) => path.split('/').slice(0, 5).join('/')
  return [place, ...list.filter((p) => root(p.path) !== root(place.path))].slice(0, 8)
}

export function visit(user: string, place: Place): void {
  try {
    localStorage.setItem(key(user), JSON.stringify(visited(places(user), place)))
  } catch {
    // Without storage there is no history, and nothing else is missing.
  }
}

export function lastTeam(user: string): string {
  return places(user)[0]?.team ?? ''
}
