import { useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send } from './send'
import type { Instance, List, Module, Variable } from './shapes'

export type SnapshotKind = 'manual' | 'auto' | 'safety' | 'import'
export interface Snapshot {
  id: string; application: string; team: string; instance?: string; instanceName?: string; name: string; description: string; digest: string; secretsDigest?: string
  kind: SnapshotKind; trigger?: string; from?: string; author: string; authorId?: string; nodes: number; modules: number; size: number; createdAt: string; version: number; usedBy?: string[]
}
export interface SnapshotContent {
  digest: string; settings: { timeZone: string; persistentContext: boolean }; environment: Variable[]; modules: Module[]; packages: number
  stack: { id?: string; digest: string; name?: string }; credentials: string[]; missing?: { component: string; message: string }[]
}
export type Keep = 'all' | 'keys' | 'none'
export interface Components { flows?: boolean; credentials?: boolean; environment?: Keep; settings?: boolean; modules?: boolean; stack?: boolean }
export type Restored = Instance & { safety?: string; changed: string[] }
export type ImportedFlows = Restored & { digest: string; nodes: number; renewed: number }

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
  return useQuery({ queryKey: ['snapshot', computed(() => toValue(id)), 'content'], queryFn: ({ signal }) => send<SnapshotContent>('GET', `/snapshots/${toValue(id)}/content`, { signal }), enabled: () => !!toValue(id) })
}

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
