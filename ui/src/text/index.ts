import en from './en'

type Leaves<T, P extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>
}[keyof T & string]

/** A message's place in the message files, such as "instance.action.start". */
export type Key = Leaves<typeof en>

export type Values = Record<string, string | number>

/** The reader's language for numbers and dates; messages are English first. */
export const locale = typeof navigator === 'undefined' ? 'en' : (navigator.language ?? 'en')
const plural = new Intl.PluralRules('en')

export function message(key: string): string | undefined {
  let at: unknown = en
  for (const part of key.split('.')) at = (at as Record<string, unknown> | undefined)?.[part]
  return typeof at === 'string' ? at : undefined
}

/** Says a message. "one | other" chooses by the value n. */
export function t(key: Key, values: Values = {}): string {
  return fill(chosen(key, values), values)
}

/** Says a message whose key is only known at run time, or the fallback where there is none. */
export function said(key: string, fallback: string, values: Values = {}): string {
  return message(key) === undefined ? fallback : fill(chosen(key, values), values)
}

export function chosen(key: string, values: Values): string {
  const text = message(key) ?? key
  const forms = text.split(' | ')
  if (forms.length === 2 && typeof values.n === 'number') return plural.select(values.n) === 'one' ? forms[0]! : forms[1]!
  return text
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name]
    if (value === undefined) return whole
    return typeof value === 'number' ? number(value) : value
  })
}

const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })

export function number(value: number): string {
  return plain.format(value)
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A size for people: 1536 is "1.5 KiB". */
export function bytes(value: number): string {
  const step = value < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10))
  return `${number(value / 1024 ** step)}\u00A0${units[step]}`
}
