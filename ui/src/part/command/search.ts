/** Something the palette finds: a page, a thing or an action. */
export interface Command {
  id: string
  label: string
  /** What stands behind the label: the application of an instance, the state. */
  hint?: string
  /** Other words it is found by. */
  words?: string
  icon: string
  group: string
  keys?: string
  state?: string
  run: () => unknown
}

const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase()

/**
 * How well a text answers a query, 0 for not at all: every word of the query must be found, at the beginning of
 * the text best, then at the beginning of a word, then inside one, then as letters in order.
 */
export function score(query: string, text: string): number {
  const target = fold(text)
  let sum = 0
  for (const word of fold(query).split(/\s+/).filter(Boolean)) {
    const points = wordScore(word, target)
    if (points === 0) return 0
    sum += points
  }
  return sum
}

function wordScore(word: string, target: string): number {
  const at = target.indexOf(word)
  if (at === 0) return target.length === word.length ? 120 : 100
  if (at > 0) {
    for (let i = at; i >= 0; i = target.indexOf(word, i + 1)) if (!/[\p{L}\p{N}]/u.test(target[i - 1]!)) return 80
    return 50
  }
  return word.length >= 3 ? lettersInOrder(word, target) : 0
}

/** Letters in order, close together: "pmpst" finds "pump station". */
function lettersInOrder(word: string, target: string): number {
  const start = target.indexOf(word[0]!)
  let at = start
  for (const letter of [...word].slice(1)) {
    at = target.indexOf(letter, at + 1)
    if (at < 0) return 0
  }
  const spread = at - start + 1 - word.length
  return start >= 0 && spread <= word.length * 2 ? Math.max(5, 30 - spread) : 0
}

/** The commands that answer a query, best first; without a query, all in their order. */
export function search(commands: readonly Command[], query: string, limit = 50): Command[] {
  if (query.trim() === '') return commands.slice(0, limit)
  return commands
    .map((command, order) => {
      const name = score(query, command.label)
      const wide = score(query, `${command.label} ${command.hint ?? ''} ${command.words ?? ''}`)
      return { command, order, points: Math.max(name * 2, wide) }
    })
    .filter((hit) => hit.points > 0)
    .sort((a, b) => b.points - a.points || a.order - b.order)
    .slice(0, limit)
    .map((hit) => hit.command)
}
