import { onScopeDispose, reactive, shallowReactive, toValue, watchEffect, type MaybeRefOrGetter } from 'vue'
import type { Command } from './search'

export const commands = reactive({ open: false })
export const help = reactive({ open: false })

const sources = shallowReactive(new Set<() => Command[]>())

/** Adds commands to the palette while the calling page or part is there: what a page can do, the palette can do. */
export function offer(list: MaybeRefOrGetter<Command[]>): void {
  const source = () => toValue(list)
  sources.add(source)
  onScopeDispose(() => sources.delete(source))
}

export function offered(): Command[] {
  return [...sources].reverse().flatMap((source) => source())
}

/** Whether a key press is meant for the page: not while typing, not in a dialog, without modifiers. */
export function forPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return false
  const target = event.target instanceof Element ? event.target : undefined
  return !target?.closest('input, textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]')
}

/** Runs fn for a key, or for two keys one after the other ("g i"). */
export function onKeys(bindings: MaybeRefOrGetter<Record<string, () => void>>): void {
  let first = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const onKey = (event: KeyboardEvent) => {
    if (!forPage(event)) return
    const table = toValue(bindings)
    const run = table[`${first} ${event.key}`] ?? (first ? undefined : table[event.key])
    clearTimeout(timer)
    first = ''
    if (run) {
      event.preventDefault()
      run()
      return
    }
    if (!Object.keys(table).some((keys) => keys.startsWith(`${event.key} `))) return
    first = event.key
    timer = setTimeout(() => (first = ''), 1200)
  }
  watchEffect((done) => {
    window.addEventListener('keydown', onKey)
    done(() => window.removeEventListener('keydown', onKey))
  })
}
