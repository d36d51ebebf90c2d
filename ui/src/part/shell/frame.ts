import { reactive } from 'vue'

/** The editors that are kept alive while other pages are looked at, so that an unsaved flow survives a change of page. */
export interface Frame {
  instance: string
  url: string
  name: string
  usedAt: number
  reloads: number
  /** Something in it is not deployed yet. */
  dirty: boolean
}

const most = 2

export const frames = reactive({ list: [] as Frame[], shown: '', /** how many pixels beside it are taken by something else */ beside: 0, /** and how many above it */ above: 0 })

export function showFrame(instance: string, url: string, name: string): void {
  const there = frameOf(instance)
  if (there) Object.assign(there, { usedAt: Date.now(), name, url })
  else frames.list.push({ instance, url, name, usedAt: Date.now(), reloads: 0, dirty: false })
  frames.shown = instance
  prune()
}

/** Lets the oldest editors go, except those with something unsaved. */
function prune(): void {
  const idle = frames.list.filter((f) => !f.dirty && f.instance !== frames.shown).sort((a, b) => a.usedAt - b.usedAt)
  const over = new Set(idle.slice(0, Math.max(0, frames.list.length - most)).map((f) => f.instance))
  frames.list = frames.list.filter((f) => !over.has(f.instance))
}

export function frameOf(instance: string): Frame | undefined {
  return frames.list.find((f) => f.instance === instance)
}

export function hideFrame(instance: string): void {
  if (frames.shown === instance) frames.shown = ''
}

export function reloadFrame(instance: string): void {
  const there = frameOf(instance)
  if (there) Object.assign(there, { reloads: there.reloads + 1, dirty: false })
}
