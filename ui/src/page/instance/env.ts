import type { Variable } from '@/api/shapes'

export interface Imported { variables: { name: string; value: string }[]; faults: { line: number; text: string }[] }

const assignment = /^\s*(?:export\s+)?([^=\s]+)\s*=\s*(.*)$/

/**
 * Reads a .env file: NAME=value, comments, "export", single quotes (as they stand), double quotes (with \n, \t,
 * \" and \\), and values in quotes that run over lines. Nothing is expanded: a $ is a $.
 */
export function parseEnv(text: string): Imported {
  const out: Imported = { variables: [], faults: [] }
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!
    if (/^\s*(#|$)/.test(line)) continue
    const found = assignment.exec(line)
    if (!found) {
      out.faults.push({ line: i + 1, text: 'shape' })
      continue
    }
    const [, name, raw] = found as unknown as [string, string, string]
    const quote = raw[0]
    if (quote !== '"' && quote !== "'") {
      out.variables.push({ name, value: raw.replace(/\s+#.*$/, '').trimEnd() })
      continue
    }
    const closed = quoted(lines, i, raw, quote)
    if (!closed) {
      out.faults.push({ line: i + 1, text: 'quote' })
      break
    }
    out.variables.push({ name, value: quote === '"' ? unescape(closed.body) : closed.body })
    i = closed.line
  }
  return out
}

/** Finds the end of a value in quotes, which may stand on a later line. */
function quoted(lines: string[], from: number, raw: string, quote: string): { body: string; line: number } | undefined {
  let body = raw.slice(1)
  for (let line = from; ; ) {
    const end = closing(body, quote)
    if (end >= 0) return /^\s*(#.*)?$/.test(body.slice(end + 1)) ? { body: body.slice(0, end), line } : undefined
    if (++line >= lines.length) return undefined
    body += `\n${lines[line]}`
  }
}

function closing(body: string, quote: string): number {
  for (let i = 0; i < body.length; i++) {
    if (quote === '"' && body[i] === '\\') i++
    else if (body[i] === quote) return i
  }
  return -1
}

function unescape(body: string): string {
  return body.replace(/\\([\s\S])/g, (whole, c: string) => ({ n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$' })[c] ?? whole)
}

const secretive = /pass|secret|token|key|pwd|credential/i

/** Puts imported values over the ones there; names that look secret come in hidden. */
export function merged(there: readonly Variable[], imported: readonly { name: string; value: string }[]): Variable[] {
  const out = there.map((v) => ({ ...v }))
  for (const { name, value } of imported) {
    const old = out.find((v) => v.name === name)
    if (old) old.value = value
    else out.push({ name, value, hidden: secretive.test(name) })
  }
  return out
}

const shape = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/

export type Fault = 'empty' | 'shape' | 'twice' | 'long'

/** What can be said about a row without asking the server; the server knows the names it refuses. */
export function faultOf(rows: readonly Variable[], index: number): Fault | undefined {
  const { name, value } = rows[index]!
  if (name === '') return value === '' ? undefined : 'empty'
  if (!shape.test(name)) return 'shape'
  if (rows.some((r, i) => i < index && r.name === name)) return 'twice'
  return new TextEncoder().encode(value).length > 32 * 1024 ? 'long' : undefined
}
