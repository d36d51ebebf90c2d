import type uPlot from 'uplot'

export interface Mark { at: number; kind: 'deploy' | 'restart' | 'alarm'; text: string }

/** Values over time; the least and the greatest where a value stands for many. Null is time without measurements. */
export interface Line { times: number[]; values: (number | null)[]; least: (number | null)[]; most: (number | null)[] }

export interface Measured { time: string; value: number; min?: number; max?: number }

/** Makes a line of measurements, broken where none were made for more than twice a step. */
export function lineOf(items: readonly Measured[], stepSeconds: number): Line {
  const line: Line = { times: [], values: [], least: [], most: [] }
  const push = (time: number, value: number | null, min: number | null, max: number | null) => (line.times.push(time), line.values.push(value), line.least.push(min), line.most.push(max))
  let last: number | undefined
  for (const { time, value, min, max } of items) {
    const at = Date.parse(time) / 1000
    if (last !== undefined && stepSeconds > 0 && at - last > 2 * stepSeconds) push(last + stepSeconds, null, null, null)
    push(at, value, min ?? value, max ?? value)
    last = at
  }
  return line
}

/** The greatest and the least value of a line, for who cannot see it. */
export function extent(line: Line): { min: number; max: number; last: number } | undefined {
  let [min, max] = [Infinity, -Infinity]
  let last: number | undefined
  for (let i = 0; i < line.values.length; i++) {
    if (line.values[i] === null) continue
    min = Math.min(min, line.least[i] ?? Infinity)
    max = Math.max(max, line.most[i] ?? -Infinity)
    last = line.values[i]!
  }
  return last === undefined ? undefined : { min, max, last }
}

const markColor: Record<Mark['kind'], string> = { deploy: '--ui-primary', restart: '--ui-info', alarm: '--ui-error' }

/** Draws deploys, restarts and alarms as marks on the time axis, with a line up through the graph. */
export function marksPlugin(marks: () => readonly Mark[], color: (name: string) => string): uPlot.Plugin {
  return {
    hooks: {
      draw: (u) => {
        const { ctx } = u
        const { top, height, left, width } = u.bbox
        ctx.save()
        for (const mark of marks()) {
          const x = Math.round(u.valToPos(mark.at, 'x', true))
          if (x < left || x > left + width) continue
          ctx.strokeStyle = ctx.fillStyle = color(markColor[mark.kind])
          ctx.globalAlpha = 0.55
          ctx.setLineDash(mark.kind === 'deploy' ? [] : [4, 4])
          ctx.beginPath()
          ctx.moveTo(x, top)
          ctx.lineTo(x, top + height)
          ctx.stroke()
          ctx.globalAlpha = 1
          ctx.setLineDash([])
          sign(ctx, mark.kind, x, top + height, 5 * devicePixelRatio)
        }
        ctx.restore()
      },
    },
  }
}

/** Each kind has a shape of its own: a triangle, a square, a cross. */
function sign(ctx: CanvasRenderingContext2D, kind: Mark['kind'], x: number, y: number, size: number): void {
  ctx.beginPath()
  if (kind === 'deploy') {
    ctx.moveTo(x - size, y + size)
    ctx.lineTo(x + size, y + size)
    ctx.lineTo(x, y - size / 3)
    ctx.fill()
  } else if (kind === 'restart') ctx.fillRect(x - size * 0.7, y - size * 0.4, size * 1.4, size * 1.4)
  else {
    ctx.lineWidth = size * 0.5
    ctx.moveTo(x - size * 0.7, y - size * 0.4)
    ctx.lineTo(x + size * 0.7, y + size)
    ctx.moveTo(x + size * 0.7, y - size * 0.4)
    ctx.lineTo(x - size * 0.7, y + size)
    ctx.stroke()
  }
}
