import { labelFont } from './draw'
import type { Measure } from './picture'

const widths = new Map<string, number>()
let context: CanvasRenderingContext2D | null | undefined

/** How wide a label is. Flow files say the same words again and again. */
export const measure: Measure = (text) => {
  let width = widths.get(text)
  if (width !== undefined) return width
  context ??= document.createElement('canvas').getContext('2d')
  if (context) context.font = labelFont
  width = Math.max(...text.split('\\n ').map((line) => context?.measureText(line).width ?? line.length * 7))
  if (widths.size > 20_000) widths.clear()
  widths.set(text, width)
  return width
}
