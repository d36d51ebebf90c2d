import { describe, expect, it } from 'vitest'
import type { Comparison, NodeDiff } from '@/api/comparison'
import { lookOf } from '@/part/flow/look'
import { marksOf, overlaid, wireMark } from '@/part/flow/mark'
import { curve, picture } from '@/part/flow/picture'
import { fit, inView, newView, show, zoom } from '@/part/flow/view'
import { brief, found, valueText } from '@/part/flow/words'

const measure = (text: string) => text.length * 7
const flows = [
  { id: 't', type: 'tab', label: 'Pumps' },
  { id: 'g', type: 'group', z: 't', name: 'Well', x: 40, y: 40, w: 300, h: 100, style: { stroke: 'url(http://evil)', fill: '#fff' } },
  { id: 'a', type: 'inject', z: 't', x: 100, y: 100, wires: [['f']] },
  { id: 'f', type: 'function', z: 't', name: 'Level', x: 260, y: 100, outputs: 2, wires: [['d'], ['j']] },
  { id: 'd', type: 'debug', z: 't', x: 420, y: 80, wires: [] },
  { id: 'j', type: 'junction', z: 't', x: 420, y: 140, wires: [['f']] },
  { id: 's', type: 'subflow', name: 'Twice', in: [{ x: 40, y: 40, wires: [{ id: 'n' }] }], out: [{ x: 300, y: 40, wires: [{ id: 'n', port: 0 }] }] },
  { id: 'n', type: 'change', z: 's', x: 160, y: 40, wires: [[]] },
  { id: 'u', type: 'subflow:s', z: 't', x: 100, y: 200, wires: [[]] },
  { id: 'c', type: 'mqtt-broker', name: 'Plant' },
]

describe('a picture', () => {
  const { sheets, config } = picture(flows, measure)
  const tab = sheets.get('t')!
  it('lays nodes out as the editor does', () => {
    expect([...sheets.keys()]).toEqual(['t', 's'])
    expect(config.map((n) => n.id)).toEqual(['c'])
    expect(tab.boxes.get('f')).toMatchObject({ w: 100, h: 30, inputs: 1, outputs: 2, named: true })
    expect(tab.boxes.get('a')).toMatchObject({ inputs: 0, outputs: 1, label: 'inject', named: false })
    expect(tab.boxes.get('u')).toMatchObject({ label: 'Twice', inputs: 1, outputs: 1 })
    expect(tab.wires.map((w) => `${w.from.id} ${w.port} ${w.to.id}`)).toEqual(['a 0 f', 'f 0 d', 'f 1 j', 'j 0 f'])
    expect(sheets.get('s')!.wires).toHaveLength(2)
  })
  it('takes nothing of a file that is more than a colour', () => {
    expect(tab.groups[0]).toMatchObject({ stroke: '', fill: '#fff' })
  })
  it('draws what it can of anything', () => {
    const odd = [null, 7, { id: 1 }, { id: 'x', type: 'tab' }, { id: '__proto__', type: 'function', z: 'x', x: Infinity, y: NaN, wires: 'no' }, { id: 'k', type: 'constructor', z: 'x', x: 1e99, y: 2, wires: [[null, 'k', {}]], name: 'a'.repeat(9000) }]
    const sheet = picture(odd, measure).sheets.get('x')!
    expect(sheet.boxes.get('k')!.label.length).toBeLessThan(200)
    expect(sheet.boxes.get('k')!.x).toBeLessThanOrEqual(1e6)
    expect(picture('no flows', measure).sheets.size).toBe(0)
    expect(lookOf('constructor').glyph).toBe('cube')
  })
  it('leads wires forward in one sweep and backward around', () => {
    expect(curve([0, 0], [200, 50])).toHaveLength(1)
    expect(curve([200, 0], [0, 0])).toHaveLength(3)
  })
})

const node = (id: string, change: NodeDiff['change'], more: Partial<NodeDiff> = {}): NodeDiff => ({ id, kind: 'node', type: 'function', label: id, change, moved: change === 'moved', ...more })
const comparison = (nodes: NodeDiff[]) => ({ flows: [{ id: 't', change: 'changed', nodes, groups: [] }], configuration: [] }) as unknown as Comparison

describe('marks', () => {
  const gone = flows.filter((n) => n.id !== 'd')
  const before = picture(flows, measure).sheets.get('t')!
  const after = picture(gone.map((n) => (n.id === 'j' ? { ...n, y: 300 } : n)), measure).sheets.get('t')!
  const c = comparison([node('d', 'removed'), node('j', 'moved'), node('f', 'changed', { wires: [{ port: 0, added: [], removed: [{ id: 'd', type: 'debug', label: '' }] }] })])
  it('show on each side what is there', () => {
    expect(marksOf(c, 'to').nodes.has('d')).toBe(false)
    expect(marksOf(c, 'from').nodes.get('d')?.change).toBe('removed')
    expect(wireMark(marksOf(c, 'from'), before.wires[1]!)).toBe('removed')
    expect(wireMark(marksOf(c, 'to'), before.wires[0]!)).toBeUndefined()
  })
  it('lie over each other with what is gone, and where moved nodes stood', () => {
    const { sheet, ghosts } = overlaid(before, after, marksOf(c, 'both'))
    expect(sheet!.boxes.has('d')).toBe(true)
    expect(sheet!.wires.some((w) => w.to.id === 'd')).toBe(true)
    expect(ghosts.map((b) => [b.id, b.y])).toEqual([['j', 140]])
  })
})

describe('a view', () => {
  it('keeps the point under the pointer while it zooms', () => {
    const view = newView()
    zoom(view, 2, 100, 60)
    expect([view.x + 100 / view.scale, view.y + 60 / view.scale]).toEqual([100, 60])
  })
  it('fits all, never larger than life, and shows one', () => {
    const view = newView()
    fit(view, { x: 0, y: 0, w: 4000, h: 300 }, 800, 600)
    expect(view.scale).toBeCloseTo(800 / 4080)
    fit(view, { x: 0, y: 0, w: 10, h: 10 }, 800, 600)
    expect(view.scale).toBe(1)
    const far = { x: 9000, y: 9000, w: 100, h: 30 }
    expect(inView(view, far, 800, 600)).toBe(false)
    show(view, far, 800, 600)
    expect(inView(view, far, 800, 600)).toBe(true)
  })
})

describe('a change in words', () => {
  const d = node('f', 'changed', { properties: [{ name: 'outputs', from: 1, to: 2 }], code: [{ property: 'func', language: 'javascript', added: 2, removed: 1, hunks: [{ from: 1, to: 1, lines: [{ change: 'added', text: 'return Level' }] }] }], moved: true })
  it('is short', () => expect(brief(d)).toBe('Outputs, Code +2 −1, moved'))
  it('is found by name, type, property and changed line', () => {
    for (const words of ['f', 'FUNC', 'outputs', 'return level', '']) expect(found(d, words)).toBe(true)
    expect(found(d, 'nowhere')).toBe(false)
  })
  it('tells nothing from empty', () => {
    expect(valueText(undefined)).not.toBe(valueText(''))
    expect(valueText({ a: 1 })).toBe('{"a":1}')
  })
})
