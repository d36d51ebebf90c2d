import type { Level, LogLine } from '@/api/shapes'

/** A browser keeps this many lines of a log; the server keeps more. */
export const mostLines = 10_000

/** Adds lines behind the ones there, each once (by cursor), and forgets the oldest above the limit. */
export function joined(lines: readonly LogLine[], more: readonly LogLine[], most = mostLines): LogLine[] {
  const recent = new Set(lines.slice(-1000).map((l) => l.cursor))
  const fresh = more.filter((l) => !recent.has(l.cursor))
  if (fresh.length === 0) return lines as LogLine[]
  const all = [...lines, ...fresh]
  return all.length > most ? all.slice(all.length - most) : all
}

/** The lines of the levels (all when none is named) that hold the text. */
export function filtered(lines: readonly LogLine[], levels: readonly string[], text: string): LogLine[] {
  const needle = text.trim().toLowerCase()
  if (levels.length === 0 && !needle) return lines as LogLine[]
  const wanted = new Set<string>(levels)
  return lines.filter((l) => (wanted.size === 0 || wanted.has(l.level)) && (!needle || l.text.toLowerCase().includes(needle) || l.source.toLowerCase().includes(needle)))
}

/** Cuts a line where the text is found, so that it can be marked. */
export function cut(line: string, text: string): { text: string; hit: boolean }[] {
  const needle = text.trim().toLowerCase()
  if (!needle) return [{ text: line, hit: false }]
  const pieces: { text: string; hit: boolean }[] = []
  const low = line.toLowerCase()
  let from = 0
  for (let at = low.indexOf(needle); at >= 0; at = low.indexOf(needle, from)) {
    if (at > from) pieces.push({ text: line.slice(from, at), hit: false })
    pieces.push({ text: line.slice(at, at + needle.length), hit: true })
    from = at + needle.length
  }
  if (from < line.length) pieces.push({ text: line.slice(from), hit: false })
  return pieces
}

export const levels: Level[] = ['error', 'warn', 'info', 'debug']
