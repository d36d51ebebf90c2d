/** How a type of node looks in Node-RED: its colour, its sign, on which side the sign stands, and whether messages come in. */
export interface Look { color: string; glyph: string; right?: boolean; inputs?: 0 | 1; outputs?: number; button?: 'left' | 'right' }

const common = {
  inject: { color: '#a6bbcf', glyph: 'inject', inputs: 0, button: 'left' },
  debug: { color: '#87a980', glyph: 'debug', right: true, outputs: 0, button: 'right' },
  complete: { color: '#c0edc0', glyph: 'alert', inputs: 0 },
  catch: { color: '#e49191', glyph: 'alert', inputs: 0 },
  status: { color: '#94c1d0', glyph: 'pulse', inputs: 0 },
  'link in': { color: '#dddddd', glyph: 'link', inputs: 0 },
  'link call': { color: '#dddddd', glyph: 'call' },
  'link out': { color: '#dddddd', glyph: 'link', right: true, outputs: 0 },
  comment: { color: '#ffffff', glyph: 'comment', inputs: 0, outputs: 0 },
} satisfies Record<string, Look>

const logic = '#e2d96e'
const parser = '#debd5c'
const http = '#e7e7ae'
const socket = '#d7d7a0'
const mqtt = '#d8bfd8'
const wire = '#c0c0c0'
const file = '#deb887'
const dashboard = '#a0e6ec'

const looks = new Map<string, Look>(
  Object.entries<Look>({
    ...common,
    function: { color: '#fdd0a2', glyph: 'function' },
    switch: { color: logic, glyph: 'fork' },
    change: { color: logic, glyph: 'swap' },
    range: { color: logic, glyph: 'range' },
    rbe: { color: logic, glyph: 'filter' },
    split: { color: logic, glyph: 'split' },
    join: { color: logic, glyph: 'join' },
    sort: { color: logic, glyph: 'sort' },
    batch: { color: logic, glyph: 'batch' },
    template: { color: '#f3b567', glyph: 'brace' },
    delay: { color: '#e6e0f8', glyph: 'clock' },
    trigger: { color: '#e6e0f8', glyph: 'trigger' },
    exec: { color: '#e9967a', glyph: 'cog' },
    csv: { color: parser, glyph: 'table' },
    html: { color: parser, glyph: 'code' },
    json: { color: parser, glyph: 'braces' },
    xml: { color: parser, glyph: 'code' },
    yaml: { color: parser, glyph: 'list' },
    'http in': { color: http, glyph: 'globe', inputs: 0 },
    'http response': { color: http, glyph: 'globe', right: true, outputs: 0 },
    'http request': { color: http, glyph: 'globe' },
    'websocket in': { color: socket, glyph: 'globe', inputs: 0 },
    'websocket out': { color: socket, glyph: 'globe', right: true, outputs: 0 },
    'mqtt in': { color: mqtt, glyph: 'bridge', inputs: 0 },
    'mqtt out': { color: mqtt, glyph: 'bridge', right: true, outputs: 0 },
    'tcp in': { color: wire, glyph: 'bridge', inputs: 0 },
    'tcp out': { color: wire, glyph: 'bridge', right: true, outputs: 0 },
    'tcp request': { color: wire, glyph: 'bridge' },
    'udp in': { color: wire, glyph: 'bridge', inputs: 0 },
    'udp out': { color: wire, glyph: 'bridge', right: true, outputs: 0 },
    file: { color: file, glyph: 'file' },
    'file in': { color: file, glyph: 'file' },
    watch: { color: file, glyph: 'eye', inputs: 0 },
    'ui-event': { color: dashboard, glyph: 'link', inputs: 0 },
    'ui-chart': { color: dashboard, glyph: 'chart', right: true },
    'ui-gauge': { color: dashboard, glyph: 'gauge', right: true },
    'ui-text': { color: dashboard, glyph: 'text', right: true },
    'ui-template': { color: dashboard, glyph: 'code' },
    'ui-table': { color: dashboard, glyph: 'table' },
    'ui-markdown': { color: dashboard, glyph: 'text' },
    'ui-slider': { color: dashboard, glyph: 'range' },
    'ui-switch': { color: dashboard, glyph: 'toggle' },
    'ui-button': { color: dashboard, glyph: 'toggle' },
    'ui-button-group': { color: dashboard, glyph: 'toggle' },
    'ui-notification': { color: dashboard, glyph: 'alert', right: true },
  }),
)

/** The look of a type; what Leat does not know looks like a node all the same. */
export function lookOf(type: string): Look {
  const found = looks.get(type)
  if (found) return found
  if (type.startsWith('ui-') || type.startsWith('ui_')) return { color: dashboard, glyph: 'gauge' }
  if (type.startsWith('subflow:')) return { color: '#ddaa99', glyph: 'subflow' }
  if (type.endsWith(' in')) return { color: '#c7d9e2', glyph: 'cube', inputs: 0 }
  return { color: '#c7d9e2', glyph: 'cube' }
}

/** Nodes that only configure others: they stand on no tab. */
export function isConfig(node: { type: string; x?: unknown; y?: unknown }): boolean {
  return typeof node.x !== 'number' || typeof node.y !== 'number'
}

/** Signs in a square of 20, filled or drawn as lines. */
export const glyphs: Record<string, { d: string; fill?: true }> = {
  inject: { d: 'M3 7h7V3l8 7-8 7v-4H3z', fill: true },
  debug: { d: 'M4 4h12M4 8h12M4 12h12M4 16h12' },
  alert: { d: 'M8.5 2h3l-.6 10H9.1zM10 14.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z', fill: true },
  pulse: { d: 'M1 11h4l2-7 4 13 3-9 1 3h4' },
  link: { d: 'M4 8h5V4l8 6-8 6v-4H4z', fill: true },
  call: { d: 'M3 6h9V3l5 4-5 4V8M17 14H8v3l-5-4' },
  comment: { d: 'M3 4h14v9H9l-4 4v-4H3z' },
  function: { d: 'M14 4c-3-1.5-4 .5-4.3 3.5L9 13c-.4 3-1.500 4.500-4 3.500M6 9h8' },
  fork: { d: 'M2 10h5l4-5h5M7 10l4 5h5M14 2.500 17 5l-3 2.500M14 12.500 17 15l-3 2.500' },
  swap: { d: 'M2 5h4l7 10h4M2 15h4l2-3M11 8l2-3h4M15 2.500 18 5l-3 2.500M15 12.500 18 15l-3 2.500' },
  range: { d: 'M4 9v8M4 3v2M10 6v11M10 2v1M16 12v5M16 3v5' },
  filter: { d: 'M2 15h5V5h6v10h5' },
  split: { d: 'M2 10h5M10 4h7M10 10h7M10 16h7' },
  join: { d: 'M3 4h7M3 10h7M3 16h7M13 10h5' },
  sort: { d: 'M6 3v14M3 14l3 3 3-3M11 4h6M11 9h4M11 14h2' },
  batch: { d: 'M3 5h6v10H3zM11 5h6v10h-6z' },
  brace: { d: 'M13 2c-4 0-3 3-3 5 0 2-1 3-3 3 2 0 3 1 3 3 0 2-1 5 3 5' },
  braces: { d: 'M7 3c-3 0-2 3-2 4.500S4 10 3 10c1 0 2 1 2 2.500S4 17 7 17M13 3c3 0 2 3 2 4.500S16 10 17 10c-1 0-2 1-2 2.500S16 17 13 17' },
  clock: { d: 'M10 3a7 7 0 1 1-6.500 4.500M10 10 5 5' },
  trigger: { d: 'M2 16h4V4h6v12h6' },
  cog: { d: 'M10 6.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M10 2v3M10 15v3M2 10h3M15 10h3M4.300 4.300l2.200 2.200M13.500 13.500l2.200 2.200M15.700 4.300l-2.200 2.200M6.500 13.500l-2.200 2.200' },
  table: { d: 'M3 4h14v12H3zM3 8h14M3 12h14M9 4v12' },
  code: { d: 'M7 5l-5 5 5 5M13 5l5 5-5 5' },
  list: { d: 'M3 5h2M8 5h9M3 10h2M8 10h9M3 15h2M8 15h9' },
  globe: { d: 'M10 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16M2 10h16M10 2c-5 5-5 11 0 16M10 2c5 5 5 11 0 16' },
  bridge: { d: 'M2 6c5 0 5 4 8 4s3-4 8-4M2 14c5 0 5-4 8-4s3 4 8 4' },
  file: { d: 'M5 2h7l4 4v12H5zM12 2v4h4' },
  eye: { d: 'M2 10c4-6 12-6 16 0-4 6-12 6-16 0M10 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4' },
  chart: { d: 'M3 3v14h14M5 13l4-5 3 3 5-6' },
  gauge: { d: 'M3 15a8 8 0 1 1 14 0M10 13l4-5' },
  text: { d: 'M4 4h12M10 4v13M7 17h6' },
  toggle: { d: 'M6 5h8a5 5 0 0 1 0 10H6A5 5 0 0 1 6 5M14 8a2 2 0 1 1 0 4 2 2 0 0 1 0-4' },
  subflow: { d: 'M2 4h6v5H2zM12 11h6v5h-6zM5 9v5h7M8 6h7v5' },
  cube: { d: 'M10 2l7 4v8l-7 4-7-4V6zM3 6l7 4 7-4M10 10v8' },
}
