import { isConfig, lookOf, type Look } from './look'

/** A node as it stands in a flow file. Nothing in it can be relied on: files come from anywhere. */
export interface FlowNode { id: string; type: string; [property: string]: unknown }

/** A node with its place in the picture. x and y are its middle, as in Node-RED. */
export interface Box {
  id: string
  node: FlowNode
  kind: 'node' | 'junction' | 'port'
  look: Look
  label: string
  named: boolean
  /** Without its label a node is a square. */
  small: boolean
  disabled: boolean
  x: number
  y: number
  w: number
  h: number
  inputs: number
  outputs: number
}

export interface Wire { from: Box; port: number; to: Box }
export interface Group { id: string; node: FlowNode; name: string; x: number; y: number; w: number; h: number; stroke: string; fill: string; strokeOpacity: number; fillOpacity: number }
export interface Bounds { x: number; y: number; w: number; h: number }

/** What is drawn of one tab or one subflow. */
export interface Sheet {
  id: string
  kind: 'tab' | 'subflow'
  label: string
  disabled: boolean
  boxes: Map<string, Box>
  wires: Wire[]
  groups: Group[]
  bounds: Bounds | undefined
}

export interface Picture { sheets: Map<string, Sheet>; nodes: Map<string, FlowNode>; config: FlowNode[] }

export type Measure = (text: string) => number

const most = 160
export const text = (value: unknown): string => (typeof value === 'string' ? (value.length > most ? `${value.slice(0, most)}…` : value) : '')
const finite = (value: unknown, fallback = 0): number => (typeof value === 'number' && Number.isFinite(value) ? Math.max(-1e6, Math.min(1e6, value)) : fallback)
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** The nodes of a flow file, whatever it is. The first node of an id counts. */
export function nodesOf(flows: unknown): Map<string, FlowNode> {
  const out = new Map<string, FlowNode>()
  for (const n of list(flows)) {
    if (n === null || typeof n !== 'object') continue
    const { id, type } = n as FlowNode
    if (typeof id === 'string' && typeof type === 'string' && !out.has(id)) out.set(id, n as FlowNode)
  }
  return out
}

/** What a node is called where only words can be shown. */
export function titleOf(node: FlowNode): string {
  return text(node.name) || text(node.label) || text(node.info).split('\n')[0] || node.type
}

/** Reads a flow file into sheets: a tab or a subflow each, with its nodes laid out as Node-RED does. */
export function picture(flows: unknown, measure: Measure): Picture {
  const nodes = nodesOf(flows)
  const sheets = new Map<string, Sheet>()
  for (const n of nodes.values()) {
    if (n.type !== 'tab' && n.type !== 'subflow') continue
    sheets.set(n.id, {
      id: n.id, kind: n.type, label: text(n.type === 'tab' ? n.label : n.name) || n.id, disabled: n.disabled === true,
      boxes: new Map(), wires: [], groups: [], bounds: undefined,
    })
  }
  const config: FlowNode[] = []
  for (const n of nodes.values()) {
    if (n.type === 'tab' || n.type === 'subflow') continue
    const sheet = typeof n.z === 'string' ? sheets.get(n.z) : undefined
    if (!sheet || isConfig(n)) config.push(n)
    else if (n.type === 'group') sheet.groups.push(groupOf(n))
    else sheet.boxes.set(n.id, boxOf(n, nodes, measure))
  }
  for (const sheet of sheets.values()) finish(sheet, nodes)
  return { sheets, nodes, config }
}

function boxOf(n: FlowNode, nodes: Map<string, FlowNode>, measure: Measure): Box {
  const place = { id: n.id, node: n, x: finite(n.x), y: finite(n.y), disabled: n.d === true }
  if (n.type === 'junction') return { ...place, kind: 'junction', look: { color: '#d9d9d9', glyph: '' }, label: '', named: false, small: true, w: 10, h: 10, inputs: 1, outputs: 1 }
  const subflow = n.type.startsWith('subflow:') ? nodes.get(n.type.slice(8)) : undefined
  const look = { ...lookOf(n.type), ...(subflow && color(subflow.color) ? { color: color(subflow.color)! } : {}) }
  const inputs = subflow ? Math.min(1, list(subflow.in).length) : (look.inputs ?? 1)
  const outputs = subflow ? list(subflow.out).length : Math.max(look.outputs ?? 0, look.outputs === 0 ? 0 : list(n.wires).length)
  const named = text(n.name) !== ''
  const label = text(n.name) || text(n.label) || (subflow ? text(subflow.name) : '') || n.type.replace(/^subflow:.*/, 'subflow')
  const small = n.l === false || ((n.type === 'link in' || n.type === 'link out') && n.l !== true)
  const lines = label.split('\\n ').length
  const h = Math.max(small ? 30 : 6 + 24 * lines, outputs * 15)
  const w = small ? 30 : Math.max(100, 20 * Math.ceil((measure(label) + 50 + (inputs > 0 ? 7 : 0)) / 20))
  return { ...place, kind: 'node', look, label, named, small, w, h, inputs, outputs: Math.min(outputs, 100) }
}

/** A colour of a file is used only where it is nothing else. */
function color(value: unknown): string | undefined {
  return typeof value === 'string' && /^(#[0-9a-f]{3,8}|[a-z]{3,20}|rgba?\([\d\s.,%]{5,40}\))$/i.test(value) && value !== 'none' ? value : undefined
}

function groupOf(n: FlowNode): Group {
  const style = (n.style !== null && typeof n.style === 'object' ? n.style : {}) as Record<string, unknown>
  const opacity = (value: unknown, fallback: number) => (value === undefined ? fallback : Math.max(0, Math.min(1, finite(Number(value), fallback))))
  return {
    id: n.id, node: n, name: style.label === false ? '' : text(n.name), x: finite(n.x), y: finite(n.y), w: finite(n.w), h: finite(n.h),
    stroke: color(style.stroke) ?? '', fill: color(style.fill) ?? '', strokeOpacity: opacity(style['stroke-opacity'], 1), fillOpacity: opacity(style['fill-opacity'], style.fill ? 0.6 : 0),
  }
}

/** Wires, a subflow's own ports, and how far the sheet reaches. */
function finish(sheet: Sheet, nodes: Map<string, FlowNode>): void {
  if (sheet.kind === 'subflow') ports(sheet, nodes.get(sheet.id)!)
  for (const from of sheet.boxes.values()) {
    if (from.kind === 'port') continue
    list(from.node.wires).forEach((ends, port) => {
      for (const end of list(ends)) {
        const to = typeof end === 'string' ? sheet.boxes.get(end) : undefined
        if (to) sheet.wires.push({ from, port, to })
      }
    })
  }
  // A type that is not known has an input where a wire says so, and none of its own where none of them does.
  const reached = new Set(sheet.wires.map((w) => w.to.id))
  for (const b of sheet.boxes.values()) if (b.inputs === 0 && b.kind === 'node' && reached.has(b.id)) b.inputs = 1
  sheet.groups.sort((a, b) => b.w * b.h - a.w * a.h)
  sheet.bounds = around([...sheet.boxes.values()].map(edges), sheet.groups)
}

/** The inputs and outputs of a subflow stand on its sheet as boxes of their own. */
function ports(sheet: Sheet, subflow: FlowNode): void {
  const add = (kind: 'in' | 'out', n: number, at: Record<string, unknown>): Box => {
    const id = `${sheet.id}:${kind}:${n}`
    const box: Box = {
      id, node: subflow, kind: 'port', look: { color: '#eeeeee', glyph: '' }, label: kind === 'in' ? 'input' : `output ${n + 1}`, named: false, small: false, disabled: false,
      x: finite(at.x), y: finite(at.y), w: 40, h: 40, inputs: kind === 'in' ? 0 : 1, outputs: kind === 'in' ? 1 : 0,
    }
    sheet.boxes.set(id, box)
    return box
  }
  const objects = (value: unknown) => list(value).filter((v): v is Record<string, unknown> => v !== null && typeof v === 'object')
  objects(subflow.in).forEach((at, n) => {
    const from = add('in', n, at)
    for (const w of objects(at.wires)) {
      const to = sheet.boxes.get(String(w.id))
      if (to) sheet.wires.push({ from, port: 0, to })
    }
  })
  objects(subflow.out).forEach((at, n) => {
    const to = add('out', n, at)
    for (const w of objects(at.wires)) {
      const from = sheet.boxes.get(String(w.id))
      if (from) sheet.wires.push({ from, port: finite(w.port), to })
    }
  })
}

export const edges = (b: Box): Bounds => ({ x: b.x - b.w / 2, y: b.y - b.h / 2, w: b.w, h: b.h })

export function around(...lists: readonly Bounds[][]): Bounds | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const all of lists) {
    for (const b of all) {
      left = Math.min(left, b.x)
      top = Math.min(top, b.y)
      right = Math.max(right, b.x + b.w)
      bottom = Math.max(bottom, b.y + b.h)
    }
  }
  return right < left ? undefined : { x: left, y: top, w: right - left, h: bottom - top }
}

/** Where a wire leaves or enters a box. */
export function outlet(b: Box, port: number): [number, number] {
  const n = Math.max(b.outputs, port + 1)
  return [b.x + b.w / 2, b.kind === 'junction' ? b.y : b.y + (port - (n - 1) / 2) * 13]
}

export const inlet = (b: Box): [number, number] => [b.x - b.w / 2, b.y]

/** The curve of a wire as Bézier pieces: forward in one sweep, backward around both ends. */
export function curve([x1, y1]: [number, number], [x2, y2]: [number, number]): number[][] {
  const [dx, dy] = [x2 - x1, y2 - y1]
  if (dx > 0) {
    const reach = 75 * Math.min(1, Math.hypot(dx, dy) / 100)
    return [[x1, y1, x1 + reach, y1, x2 - reach, y2, x2, y2]]
  }
  const turn = 34
  const middle = Math.abs(dy) < 46 ? Math.max(y1, y2) + 42 : (y1 + y2) / 2
  return [
    [x1, y1, x1 + turn, y1, x1 + turn, middle, x1, middle],
    [x1, middle, x1, middle, x2, middle, x2, middle],
    [x2, middle, x2 - turn, middle, x2 - turn, y2, x2, y2],
  ]
}
