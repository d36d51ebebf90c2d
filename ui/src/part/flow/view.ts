import { reactive } from 'vue'
import type { Bounds } from './picture'

/** Which part of a sheet is seen: the point at the top left, and how large a unit is drawn. Sides of a comparison share one. */
export interface View { x: number; y: number; scale: number }

export const least = 0.05
export const most = 3

export function newView(): View {
  return reactive({ x: 0, y: 0, scale: 1 })
}

/** Zooms and keeps the point at px, py (in pixels of the canvas) where it is. */
export function zoom(view: View, factor: number, px: number, py: number): void {
  const scale = Math.max(least, Math.min(most, view.scale * factor))
  view.x += px / view.scale - px / scale
  view.y += py / view.scale - py / scale
  view.scale = scale
}

export function pan(view: View, dx: number, dy: number): void {
  view.x += dx / view.scale
  view.y += dy / view.scale
}

/** Life size: on a wall screen everything is larger, and so are pictures. */
export const life = (): number => (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16

/** Shows all of it, not larger than life. */
export function fit(view: View, bounds: Bounds | undefined, width: number, height: number, margin = 40): void {
  if (!bounds || width === 0 || height === 0) return
  view.scale = Math.max(least, Math.min(life(), width / (bounds.w + 2 * margin), height / (bounds.h + 2 * margin)))
  view.x = bounds.x + bounds.w / 2 - width / 2 / view.scale
  view.y = bounds.y + bounds.h / 2 - height / 2 / view.scale
  // What is smaller than the window stands at the top left, as in the editor.
  if (bounds.w + 2 * margin < width / view.scale) view.x = bounds.x - margin
  if (bounds.h + 2 * margin < height / view.scale) view.y = bounds.y - margin
}

/** Brings a box into the middle, large enough to be read. */
export function show(view: View, bounds: Bounds, width: number, height: number): void {
  view.scale = Math.max(view.scale, 0.75)
  view.x = bounds.x + bounds.w / 2 - width / 2 / view.scale
  view.y = bounds.y + bounds.h / 2 - height / 2 / view.scale
}

export function inView(view: View, bounds: Bounds, width: number, height: number, margin = 20): boolean {
  return (
    bounds.x >= view.x + margin && bounds.y >= view.y + margin && bounds.x + bounds.w <= view.x + width / view.scale - margin && bounds.y + bounds.h <= view.y + height / view.scale - margin
  )
}
