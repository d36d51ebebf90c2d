import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import type { components } from './schema'
import { send } from './send'
import type { List } from './shapes'

type Schemas = components['schemas']
export type Snapshot = Schemas['Snapshot']
export type SnapshotKind = Snapshot['kind']
export type SnapshotContent = Schemas['SnapshotContent']
export type Components = Schemas['Components']
export type Keep = NonNullable<Components['environment']>
export type Restored = Schemas['Restored']
export type ImportedFlows = Schemas['ImportedFlows']

type Id = MaybeRefOrGetter<string | undefined>

/** Whose snapshots a list holds. */
export interface Owner { noun: 'instances' | 'applications' | 'teams'; id: string }

export interface SnapshotFilter { q?: string; kind?: string }

export function useSnapshots(owner: MaybeRefOrGetter<Owner | undefined>, filter: MaybeRefOrGetter<SnapshotFilter> = {}) {
  return useInfiniteQuery({
    queryKey: ['snapshots', computed(() => toValue(owner)), computed(() => toValue(filter))],
    queryFn: ({ pageParam, signal }) => {
      const { noun, id } = toValue(owner)!
      return send<List<Snapshot>>('GET', `/${noun}/${id}/snapshots`, { query: { limit: 100, cursor: pageParam || undefined, ...toValue(filter) }, signal })
    },
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
    enabled: () => !!toValue(owner),
  })
}

export function useSnapshot(id: Id) {
  return useQuery({ queryKey: ['snapshot', computed(() => toValue(id))], queryFn: ({ signal }) => send<Snapshot>('GET', `/snapshots/${toValue(id)}`, { signal }), enabled: () => !!toValue(id) })
}

/** It never changes, but what this platform misses of it may. */
export function useSnapshotContent(id: Id) {
  return useQuery({ queryKey: ['snapshot', computed(() => toValue(id)), 'content'], queryFn: ({ signal }) => send<SnapshotContent>('GET', `/snapshots/${toValue(id)}/content`, { signal }).then(listed), enabled: () => !!toValue(id) })
}

/** Lists that hold nothing may be absent. */
const listed = (c: SnapshotContent): SnapshotContent => ({ ...c, environment: c.environment ?? [], modules: c.modules ?? [], credentials: c.credentials ?? [] })

export const snapshot = {
  create: (instance: string, body: { name?: string; description?: string }, key: string) => send<Snapshot>('POST', `/instances/${instance}/snapshots`, { body, key }),
  edit: (s: Snapshot, body: { name?: string; description?: string }, version = s.version) => send<Snapshot>('PATCH', `/snapshots/${s.id}`, { body, version }),
  read: (id: string) => send<Snapshot>('GET', `/snapshots/${id}`),
  remove: (id: string) => send<void>('DELETE', `/snapshots/${id}`),
  export: (id: string, body: { secret?: string; components?: Components }) => send<string>('POST', `/snapshots/${id}/export`, { body, text: true }),
  /** The file is passed on as it stands. */
  import: (application: string, file: string, body: { secret?: string; name?: string; description?: string }, key: string) =>
    send<Snapshot>('POST', `/applications/${application}/snapshots/import`, { json: withFile('snapshot', file, body), key }),
  restore: (instance: string, id: string, components?: Components) => send<Restored>('POST', `/instances/${instance}/restore`, { body: { snapshot: id, components } }),
  importFlows: (instance: string, flows: string, body: { credentials?: unknown; secret?: string; mode: 'replace' | 'add' }) =>
    send<ImportedFlows>('POST', `/instances/${instance}/import`, { json: withFile('flows', flows, body) }),
}

/** A JSON body with a member that is JSON already. */
function withFile(name: string, file: string, rest: object): string {
  const more = JSON.stringify(rest).slice(1, -1)
  return `{${JSON.stringify(name)}:${file}${more ? `,${more}` : ''}}`
}
