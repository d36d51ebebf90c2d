/** What a file turns out to be, before it is sent anywhere. */
export interface Recognised {
  kind: 'leat' | 'flowfuse' | 'flows'
  name: string
  nodes: number
  /** It holds secrets that its own secret opens. */
  sealed: boolean
  /** The file itself, as it was read. */
  text: string
}

export type FileFault = 'large' | 'empty' | 'shape' | 'unknown'

export const mostBytes = 64 * 1024 * 1024

type Loose = Record<string, unknown>
const object = (value: unknown): Loose | undefined => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Loose) : undefined)
const isNode = (value: unknown): boolean => typeof object(value)?.id === 'string' && typeof object(value)?.type === 'string'
const sealedText = (value: unknown): boolean => typeof object(value)?.$ === 'string' && object(value)!.$ !== ''

/** Tells a snapshot of ours, one in FlowFuse's public form and bare flows apart. */
export function recognise(text: string): Recognised | FileFault {
  if (text.trim() === '') return 'empty'
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    return 'shape'
  }
  if (Array.isArray(data)) return data.every(isNode) ? { kind: 'flows', name: '', nodes: data.length, sealed: false, text } : 'unknown'
  const file = object(data)
  if (!file) return 'unknown'
  const name = typeof file.name === 'string' ? file.name : ''
  const within = object(file.flows)
  if (within && Array.isArray(within.flows)) {
    const env = Object.values(object(object(file.settings)?.env) ?? {})
    return { kind: object(file.leat) ? 'leat' : 'flowfuse', name, nodes: within.flows.length, sealed: sealedText(within.credentials) || env.some(sealedText), text }
  }
  if (Array.isArray(file.flows) && file.flows.every(isNode)) return { kind: 'flows', name, nodes: file.flows.length, sealed: sealedText(file.credentials), text: JSON.stringify(file.flows) }
  return 'unknown'
}

export async function readFile(file: Blob): Promise<Recognised | FileFault> {
  return file.size > mostBytes ? 'large' : recognise(await file.text())
}

/** The credentials file that Node-RED keeps beside its flows: sealed, or plain values by node. */
export function recogniseCredentials(text: string): { sealed: boolean; value: object } | undefined {
  try {
    const value = object(JSON.parse(text))
    return value && Object.values(value).every((v) => typeof v === 'string' || object(v)) ? { sealed: sealedText(value), value } : undefined
  } catch {
    return undefined
  }
}
