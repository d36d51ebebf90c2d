import { locale } from '.'

const day = 86_400
/** Each unit with its length and the span, in seconds, from which the next one is said. */
const units: [Intl.RelativeTimeFormatUnit, number, number][] = [
  ['second', 1, 60], ['minute', 60, 3_600], ['hour', 3_600, day], ['day', day, 7 * day], ['week', 7 * day, 30 * day],
  ['month', 30 * day, 365 * day], ['year', 365 * day, Infinity],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const narrow = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' })
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' })
const short = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' })
const second = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })

export type Moment = string | number | Date

function millis(at: Moment): number {
  return at instanceof Date ? at.getTime() : typeof at === 'number' ? at : Date.parse(at)
}

/** "3 minutes ago", "in 2 days", "just now". What is to come is rounded: a week less a second is a week. Clocks differ: a few seconds of future are now. */
export function ago(at: Moment, now: number, brief = false): string {
  const span = (millis(at) - now) / 1000
  if (Number.isNaN(span)) return '–'
  if (Math.abs(span) < 5) return brief ? 'now' : 'just now'
  const [unit, length] = units.find(([, , until]) => Math.abs(span) < until) ?? units.at(-1)!
  return (brief ? narrow : relative).format(span > 0 ? Math.round(span / length) : Math.trunc(span / length), unit)
}

/** How long a span is, in its two largest units: "3 d 4 h", "12 min", "8 s". */
export function lasted(ms: number): string {
  const parts: string[] = []
  let rest = Math.max(0, Math.round(ms / 1000))
  for (const [name, size] of [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]] as const) {
    const count = Math.floor(rest / size)
    rest %= size
    if (count > 0) parts.push(`${count} ${name}`)
    else if (parts.length === 1) break
    if (parts.length === 2) break
  }
  return parts.join(' ') || '0 s'
}

/** 1:05 for 65 seconds: what a countdown shows. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

export const exact = (at: Moment): string => full.format(millis(at))
export const dated = (at: Moment): string => short.format(millis(at))
/** Tells moments of the same minute apart. */
export const stamped = (at: Moment): string => second.format(millis(at))
export const clocked = (at: Moment): string => clock.format(millis(at))
