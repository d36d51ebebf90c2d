import { useQuery } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { send } from './send'

export type Change = 'added' | 'removed' | 'changed' | 'moved'
export interface NodeRef { id: string; type: string; label: string; flow?: string }
export interface FieldDiff { name: string; from?: unknown; to?: unknown; fromSize?: number; toSize?: number }
export interface TextDiff { property: string; language: string; added: number; removed: number; hunks: { from: number; to: number; lines: { change: 'same' | 'added' | 'removed'; text: string }[] }[]; cut?: number }
export interface RefDiff { from: string; to: string; fromLabel: string; toLabel: string }
export interface NodeDiff {
  id: string; kind: 'node' | 'group' | 'junction' | 'configuration'; type: string; label: string; change: Change; moved: boolean
  position?: FieldDiff[]; flow?: RefDiff; group?: RefDiff; properties?: FieldDiff[]; code?: TextDiff[]
  wires?: { port: number; added: NodeRef[]; removed: NodeRef[]; reordered?: boolean }[]
  members?: { added: NodeRef[]; removed: NodeRef[]; reordered?: boolean }
  credentials?: boolean; usedBy?: NodeRef[]; users?: number; cut?: boolean
}
export interface FlowDiff {
  id: string; kind: 'tab' | 'subflow' | 'missing'; label: string; change: Change | 'same'; order: { from: number; to: number } | null
  added: number; removed: number; changed: number; moved: number; properties: FieldDiff[]; code: TextDiff[]; nodes: NodeDiff[]; groups: NodeDiff[]; left: NodeRef[]
}
export interface ComparisonSide { snapshot?: string; instance?: string; application?: string; team: string; name: string; digest: string; nodes: number; author?: string; createdAt: string }
export interface Comparison {
  from: ComparisonSide; to: ComparisonSide; identical: boolean
  summary: { added: number; removed: number; changed: number; moved: number; flows: number; configuration: number; reordered: number; modules: number; indirectModules: number; environment: number; settings: number; credentials: number }
  flows: FlowDiff[]; configuration: NodeDiff[]
  modules: { name: string; change: Change; from: string; to: string; direct: boolean }[]
  environment: { name: string; change: Change; from: string | null; to: string | null; fromHidden?: boolean; toHidden?: boolean }[]
  settings: FieldDiff[]; stack: FieldDiff | null
  credentials: { node: string; type: string; label: string; flow?: string; change: Change }[]
  cut: { nodes: number; details: number; values: number; others: number } | null
}

/** An instance's id stands for what it holds now, a snapshot's for itself. */
export const isInstance = (id: string): boolean => id.startsWith('i-')

/** What two snapshots hold never changes; what an instance holds does. */
const key = (name: string, ...ids: string[]): string[] => {
  const instance = ids.find(isInstance)
  return instance ? ['instance', instance, name, ...ids] : [name, ...ids]
}

type Id = MaybeRefOrGetter<string | undefined>

export function useComparison(from: Id, to: Id) {
  return useQuery({
    queryKey: computed(() => key('comparison', toValue(from) ?? '', toValue(to) ?? '')),
    queryFn: ({ signal }) => comparison.read(toValue(from)!, toValue(to)!, undefined, signal),
    enabled: () => !!toValue(from) && !!toValue(to),
    staleTime: 60_000,
  })
}

export function useSideFlows(id: Id) {
  return useQuery({
    queryKey: computed(() => key('flows', toValue(id) ?? '')),
    queryFn: ({ signal }) => comparison.flows(toValue(id)!, signal),
    enabled: () => !!toValue(id),
    staleTime: 60_000,
  })
}

export const comparison = {
  read: (from: string, to: string, node?: string, signal?: AbortSignal) => send<Comparison>('GET', '/snapshots/compare', { query: { from, to, node }, signal }),
  flows: (id: string, signal?: AbortSignal) => send<{ flows: unknown; digest: string }>('GET', `/${isInstance(id) ? 'instances' : 'snapshots'}/${id}/flows`, { signal }),
}
