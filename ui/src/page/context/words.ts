import type { ContextEntry } from '@/api/context'
import { said } from '@/text'
import { bytes } from '@/part/flow/words'

/** "list of 12", "text", "3.2 KiB". */
export function kindOf(e: ContextEntry): string {
  const kind = said(`context.type.${e.type}`, e.type, { n: e.length ?? 0 })
  return e.size > 2048 ? `${kind}, ${bytes(e.size)}` : kind
}

/** A value on one line. */
export function preview(e: ContextEntry): string {
  const text = e.value === undefined ? (e.preview ?? '') : typeof e.value === 'string' ? JSON.stringify(e.value) : JSON.stringify(e.value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
