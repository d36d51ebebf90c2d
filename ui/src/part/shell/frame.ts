import { reactive } from 'vue'

/** The editors that are kept alive while other pages are looked at, so that an unsaved flow survives a change of page. */
export interface Frame { instance: string; url: string; name: string; usedAt: number; reloads: number }

const most = 2

export const frames = reactive({ list: [] as Frame[], shown: '' })

export function showFrame(instance: string, url: string, name: string): void {
  const there = frames.list.find((f) => f.instance === instance)
  if (there) Object.assign(there, { usedAt: Date.now(), name, url })
  else frames.list.push({ instance, url, name, usedAt: Date.now(), reloads: 0 })
  frames.shown = instance
  while (frames.list.length > most) {
    const oldest = frames.list.reduce((a, b) => (a.usedAt < b.usedAt ? a : b))
    dropFrame(oldest.instance)
  }
}

export function hideFrame(instance: string): void {
  if (frames.shown === instance) frames.shown = ''
}

export function dropFrame(instance: string): void {
  frames.list = frames.list.filter((f) => f.instance !== instance)
  hideFrame(instance)
}

export function reloadFrame(instance: string): void {
  const there = frames.list.find((f) => f.instance === instance)
  if (there) there.reloads++
}
