import { changeColor, changeSign, wireMark, type Change, type Marks } from './mark'
import { curve, edges, inlet, outlet, type Bounds, type Box, type Group, type Sheet, type Wire } from './picture'
import { glyphs } from './look'
import type { View } from './view'

const family = 'Helvetica Neue, Arial, Helvetica, sans-serif'
export const labelFont = `14px ${family}`

/** The colours that the theme decides, read once for each drawing. */
export interface Paint { css: (name: string) => string; dark: boolean }

export interface Scene {
  sheet: Sheet
  marks: Marks
  /** Where moved nodes stood before. */
  ghosts: readonly Box[]
  chosen: string
  /** With it, what does not differ steps back. */
  comparing: boolean
}

interface Pen { c: CanvasRenderingContext2D; paint: Paint; scene: Scene; scale: number; fine: boolean; tiny: boolean; seen: (b: Bounds) => boolean }

/** Draws what is in view, and nothing else. */
export function draw(c: CanvasRenderingContext2D, paint: Paint, scene: Scene, view: View, width: number, height: number, ratio: number): void {
  c.setTransform(ratio, 0, 0, ratio, 0, 0)
  c.fillStyle = paint.css('--flow-paper')
  c.fillRect(0, 0, width, height)
  c.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, -view.x * view.scale * ratio, -view.y * view.scale * ratio)
  const window = { x: view.x - 60, y: view.y - 60, w: width / view.scale + 120, h: height / view.scale + 120 }
  const seen = (b: Bounds) => b.x < window.x + window.w && b.y < window.y + window.h && b.x + b.w > window.x && b.y + b.h > window.y
  const pen: Pen = { c, paint, scene, seen, scale: view.scale, fine: view.scale > 0.32, tiny: view.scale < 0.14 }
  if (view.scale > 0.5) grid(pen, view, width, height)
  for (const g of scene.sheet.groups) if (seen(g)) group(pen, g)
  wires(pen)
  for (const b of scene.ghosts) if (seen(edges(b))) ghost(pen, b)
  for (const b of scene.sheet.boxes.values()) if (seen(edges(b))) box(pen, b)
}

function grid({ c, paint }: Pen, view: View, width: number, height: number): void {
  const [right, bottom] = [view.x + width / view.scale, view.y + height / view.scale]
  c.beginPath()
  for (let x = Math.floor(view.x / 20) * 20; x < right; x += 20) {
    c.moveTo(x, view.y)
    c.lineTo(x, bottom)
  }
  for (let y = Math.floor(view.y / 20) * 20; y < bottom; y += 20) {
    c.moveTo(view.x, y)
    c.lineTo(right, y)
  }
  c.strokeStyle = paint.css('--flow-grid')
  c.lineWidth = 1 / view.scale
  c.stroke()
}

function alphaOf({ scene }: Pen, marked: boolean): number {
  return scene.comparing && !marked ? 0.55 : 1
}

function group(pen: Pen, g: Group): void {
  const { c, paint, scene, fine } = pen
  const mark = scene.marks.nodes.get(g.id)
  c.save()
  c.beginPath()
  c.roundRect(g.x, g.y, Math.max(1, g.w), Math.max(1, g.h), 4)
  if (g.fill && g.fillOpacity > 0) {
    c.globalAlpha = g.fillOpacity * (paint.dark ? 0.12 : 1)
    c.fillStyle = g.fill
    c.fill()
  }
  c.globalAlpha = mark ? 1 : Math.max(0.35, g.strokeOpacity) * alphaOf(pen, false)
  c.strokeStyle = mark ? paint.css(changeColor[mark.change]) : g.stroke || paint.css('--flow-wire')
  c.lineWidth = mark ? 3 : 1.5
  if (mark?.change === 'moved') c.setLineDash([8, 6])
  c.stroke()
  c.setLineDash([])
  if (fine && g.name) {
    c.globalAlpha = 1
    c.fillStyle = paint.css('--flow-ink')
    c.font = labelFont
    c.textBaseline = 'top'
    c.textAlign = 'left'
    c.fillText(g.name, g.x + 6, g.y + 6)
  }
  c.restore()
  if (mark && fine) badge(pen, g.x, g.y, mark.change)
}

/** Wires of one colour are one path: thousands of them cost as little as one. */
function wires(pen: Pen): void {
  const { c, paint, scene, tiny } = pen
  const paths = { plain: new Path2D(), faint: new Path2D(), added: new Path2D(), removed: new Path2D() }
  for (const w of scene.sheet.wires) {
    const ends = reach(w)
    if (!pen.seen(ends.bounds)) continue
    const path = paths[wireMark(scene.marks, w) ?? (w.from.disabled || w.to.disabled ? 'faint' : 'plain')]
    trace(path, ends.pieces, tiny)
  }
  const stroke = (path: Path2D, color: string, width: number, alpha: number, dash: number[] = []) => {
    c.globalAlpha = alpha
    c.strokeStyle = paint.css(color)
    c.lineWidth = width
    c.setLineDash(dash)
    c.stroke(path)
  }
  stroke(paths.faint, '--flow-wire', 3, 0.35, [10, 8])
  stroke(paths.plain, '--flow-wire', 3, alphaOf(pen, false))
  stroke(paths.removed, '--ui-error', 3, 0.9, [9, 6])
  stroke(paths.added, '--ui-success', 4, 1)
  c.setLineDash([])
  c.globalAlpha = 1
}

function reach(w: Wire): { pieces: number[][]; bounds: Bounds } {
  const from = outlet(w.from, w.port)
  const to = inlet(w.to)
  const pieces = curve(from, to)
  return { pieces, bounds: { x: Math.min(from[0], to[0]) - 40, y: Math.min(from[1], to[1]) - 50, w: Math.abs(from[0] - to[0]) + 80, h: Math.abs(from[1] - to[1]) + 100 } }
}

function trace(path: Path2D, pieces: number[][], straight: boolean): void {
  path.moveTo(pieces[0]![0]!, pieces[0]![1]!)
  for (const p of pieces) {
    if (straight) path.lineTo(p[6]!, p[7]!)
    else path.bezierCurveTo(p[2]!, p[3]!, p[4]!, p[5]!, p[6]!, p[7]!)
  }
}

function ghost({ c, paint }: Pen, b: Box): void {
  c.save()
  c.strokeStyle = paint.css('--ui-info')
  c.lineWidth = 1.5
  c.setLineDash([5, 5])
  c.beginPath()
  c.roundRect(b.x - b.w / 2, b.y - b.h / 2, b.w, b.h, 5)
  c.stroke()
  c.restore()
}

function box(pen: Pen, b: Box): void {
  const { c, paint, scene, fine, tiny } = pen
  const mark = scene.marks.nodes.get(b.id)
  const [x, y] = [b.x - b.w / 2, b.y - b.h / 2]
  c.save()
  c.globalAlpha = alphaOf(pen, !!mark) * (b.disabled ? 0.5 : 1)
  if (tiny ? scene.chosen === b.id : mark || scene.chosen === b.id) halo(pen, b, mark)
  c.beginPath()
  if (b.kind === 'junction') c.arc(b.x, b.y, 5, 0, 2 * Math.PI)
  else c.roundRect(x, y, b.w, b.h, 5)
  // From afar a ring is too thin to be seen: the whole node takes the colour of its change.
  c.fillStyle = tiny && mark ? paint.css(changeColor[mark.change]) : b.look.color
  c.fill()
  if (!tiny) {
    c.strokeStyle = paint.css('--flow-edge')
    c.lineWidth = 1
    if (b.disabled) c.setLineDash([8, 3])
    c.stroke()
    c.setLineDash([])
  }
  if (b.kind !== 'junction' && !tiny) {
    if (b.kind === 'node') icon(pen, b, x, y)
    sockets(pen, b, x)
    if (fine && !b.small) words(pen, b, x)
  }
  c.restore()
  if (mark && !tiny) badge(pen, x, y, mark.change)
}

/** The ring of a node that differs, or that was chosen. */
function halo({ c, paint, scene, scale }: Pen, b: Box, mark: { change: Change; moved: boolean } | undefined): void {
  const ring = (grow: number, width: number, color: string, dash: number[]) => {
    c.strokeStyle = color
    c.lineWidth = Math.max(width, (0.4 * width) / scale)
    c.setLineDash(dash)
    c.beginPath()
    c.roundRect(b.x - b.w / 2 - grow, b.y - b.h / 2 - grow, b.w + 2 * grow, b.h + 2 * grow, 5 + grow)
    c.stroke()
    c.setLineDash([])
  }
  if (mark) ring(3, 4, paint.css(changeColor[mark.change]), mark.change === 'moved' ? [7, 5] : mark.change === 'removed' ? [12, 4] : [])
  if (mark?.moved) ring(7, 2, paint.css('--ui-info'), [5, 5])
  if (scene.chosen === b.id) ring(mark?.moved ? 11 : 8, 3, paint.css('--ui-primary'), [])
}

function icon({ c, fine }: Pen, b: Box, x: number, y: number): void {
  const left = b.look.right && !b.small ? x + b.w - 30 : x
  c.fillStyle = 'rgb(0 0 0 / 6%)'
  c.beginPath()
  c.roundRect(left, y, 30, b.h, b.small ? 5 : b.look.right ? [0, 5, 5, 0] : [5, 0, 0, 5])
  c.fill()
  if (!fine) return
  if (!b.small) {
    c.fillStyle = 'rgb(0 0 0 / 10%)'
    c.fillRect(b.look.right ? left : left + 29, y, 1, b.h)
  }
  const glyph = glyphs[b.look.glyph]
  if (!glyph) return
  c.save()
  c.translate(left + 6, b.y - 9)
  c.scale(0.9, 0.9)
  const path = pathOf(glyph.d)
  c.lineCap = c.lineJoin = 'round'
  // White as in Node-RED; on a white node it needs a shade to be seen.
  c.fillStyle = c.strokeStyle = b.look.color === '#ffffff' ? '#c4c4c4' : '#fff'
  c.lineWidth = 2
  if (glyph.fill) c.fill(path)
  else c.stroke(path)
  c.restore()
}

const paths = new Map<string, Path2D>()
function pathOf(d: string): Path2D {
  let path = paths.get(d)
  if (!path) paths.set(d, (path = new Path2D(d)))
  return path
}

function sockets({ c, paint }: Pen, b: Box, x: number): void {
  const socket = (cx: number, cy: number) => {
    c.beginPath()
    c.roundRect(cx - 5, cy - 5, 10, 10, 3)
    c.fill()
    c.stroke()
  }
  c.fillStyle = paint.css('--flow-socket')
  c.strokeStyle = paint.css('--flow-edge')
  c.lineWidth = 1
  if (b.inputs > 0) socket(x, b.y)
  for (let port = 0; port < b.outputs; port++) socket(...outlet(b, port))
}

function words({ c }: Pen, b: Box, x: number): void {
  c.fillStyle = '#2b2b2b'
  c.font = b.kind === 'port' ? `10px ${family}` : b.named ? `italic ${labelFont}` : labelFont
  c.textBaseline = 'middle'
  const lines = b.label.split('\\n ')
  const top = b.y - ((lines.length - 1) * 24) / 2
  lines.forEach((line, i) => {
    c.textAlign = b.kind === 'port' ? 'center' : b.look.right ? 'right' : 'left'
    c.fillText(line, b.kind === 'port' ? b.x : b.look.right ? x + b.w - 40 : x + 38, top + i * 24 + 0.5, b.w - 44 + (b.kind === 'port' ? 44 : 0))
  })
}

/** The sign of the change at the corner of what differs. */
function badge({ c, paint }: Pen, x: number, y: number, change: Change): void {
  c.save()
  c.fillStyle = paint.css(changeColor[change])
  c.beginPath()
  c.arc(x, y, 8.5, 0, 2 * Math.PI)
  c.fill()
  c.fillStyle = paint.css('--flow-paper')
  c.font = `bold 13px ${family}`
  c.textAlign = 'center'
  c.textBaseline = 'middle'
  c.fillText(changeSign[change], x, y + 0.5)
  c.restore()
}
