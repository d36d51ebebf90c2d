import type { Comparison, FlowDiff, NodeDiff } from '@/api/comparison'
import type { Box, Sheet, Wire } from './picture'

export type Change = 'added' | 'removed' | 'changed' | 'moved'

/** The sign of a change, so that nobody needs the colour. */
export const changeSign: Record<Change, string> = { added: '+', removed: '−', changed: '~', moved: '↔' }
export const changeTone: Record<Change, string> = { added: 'text-success', removed: 'text-error', changed: 'text-warning', moved: 'text-info' }
export const changeColor: Record<Change, string> = { added: '--ui-success', removed: '--ui-error', changed: '--ui-warning', moved: '--ui-info' }

export interface Marks { nodes: Map<string, { change: Change; moved: boolean }>; wires: Map<string, 'added' | 'removed'> }

export const wireKey = (from: string, port: number, to: string): string => `${from} ${port} ${to}`

/** All nodes of a comparison that differ, those on tabs and those beside them. */
export function diffsOf(c: Comparison): NodeDiff[] {
  return [...c.flows.flatMap((f) => [...f.nodes, ...f.groups]), ...c.configuration]
}

/** What differs of a tab itself, told as that of a node is; undefined where only its nodes do. */
export function flowAsNode(f: FlowDiff): NodeDiff | undefined {
  if (f.properties.length + f.code.length === 0) return undefined
  return { id: f.id, kind: 'node', type: f.kind, label: f.label, change: f.change === 'added' || f.change === 'removed' ? f.change : 'changed', moved: false, properties: f.properties, code: f.code }
}

/** What is coloured in the picture of one side, or of both laid over each other. */
export function marksOf(c: Comparison, side: 'from' | 'to' | 'both'): Marks {
  const marks: Marks = { nodes: new Map(), wires: new Map() }
  const shown = (change: 'added' | 'removed') => side === 'both' || side === (change === 'added' ? 'to' : 'from')
  for (const d of diffsOf(c)) {
    if ((d.change === 'added' || d.change === 'removed') && !shown(d.change)) continue
    marks.nodes.set(d.id, { change: d.change, moved: d.moved && d.change === 'changed' })
    for (const w of d.wires ?? []) {
      for (const change of ['added', 'removed'] as const) if (shown(change)) for (const end of w[change]) marks.wires.set(wireKey(d.id, w.port, end.id), change)
    }
  }
  return marks
}

/** A wire counts as new or gone with the node at either of its ends. */
export function wireMark(marks: Marks, w: Wire): 'added' | 'removed' | undefined {
  const told = marks.wires.get(wireKey(w.from.id, w.port, w.to.id))
  if (told) return told
  for (const end of [w.from.id, w.to.id]) {
    const change = marks.nodes.get(end)?.change
    if (change === 'added' || change === 'removed') return change
  }
  return undefined
}

/** Lays what is gone under what is there now, and says where moved nodes stood. */
export function overlaid(from: Sheet | undefined, to: Sheet | undefined, marks: Marks): { sheet: Sheet | undefined; ghosts: Box[] } {
  if (!from || !to) return { sheet: to ?? from, ghosts: [] }
  const boxes = new Map(to.boxes)
  const ghosts: Box[] = []
  for (const [id, box] of from.boxes) {
    const mark = marks.nodes.get(id)
    if (!boxes.has(id)) boxes.set(id, box)
    else if (mark && (mark.change === 'moved' || mark.moved)) ghosts.push(box)
  }
  const there = new Set(to.wires.map((w) => wireKey(w.from.id, w.port, w.to.id)))
  const gone = from.wires.filter((w) => !there.has(wireKey(w.from.id, w.port, w.to.id))).map((w) => ({ ...w, from: boxes.get(w.from.id)!, to: boxes.get(w.to.id)! }))
  const known = new Set(to.groups.map((g) => g.id))
  const groups = [...from.groups.filter((g) => !known.has(g.id)), ...to.groups]
  const bounds = from.bounds && to.bounds ? union(from.bounds, to.bounds) : (to.bounds ?? from.bounds)
  return { sheet: { ...to, boxes, wires: [...gone, ...to.wires], groups, bounds }, ghosts }
}

export function union(a: NonNullable<Sheet['bounds']>, b: NonNullable<Sheet['bounds']>): NonNullable<Sheet['bounds']> {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)]
  return { x, y, w: Math.max(a.x + a.w, b.x + b.w) - x, h: Math.max(a.y + a.h, b.y + b.h) - y }
}
