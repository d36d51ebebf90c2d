import type uPlot from 'uplot'

export interface Mark { at: number; kind: 'deploy' | 'restart' | 'alarm'; text: string }

/** Thins a series to about most points and keeps the least and the greatest of each stretch, so that no peak is lost. */
export function thin(times: number[], values: number[], most: number): [number[], number[]] {
  if (times.length <= most) return [times, values]
  const size = Math.ceil(times.length / (most / 2))
  const outTimes: number[] = []
  const outValues: number[] = []
  for (let from = 0; from < times.length; from += size) {
    let low = from
    let high = from
    for (let i = from; i < Math.min(from + size, times.length); i++) {
      if (values[i]! < values[low]!) low = i
      if (values[i]! > values[high]!) high = i
    }
    for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) {
      outTimes.push(times[i]!)
      outValues.push(values[i]!)
    }
  }
  return [outTimes, outValues]
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
          ctx.beginPath()
          const size = 5 * devicePixelRatio
          ctx.moveTo(x - size, top + height + size)
          ctx.lineTo(x + size, top + height + size)
          ctx.lineTo(x, top + height - size / 3)
          ctx.fill()
        }
        ctx.restore()
      },
    },
  }
}
