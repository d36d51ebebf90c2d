import { describe, expect, it } from 'vitest'
import { ago, countdown, lasted } from '@/text/time'

const now = Date.parse('2026-11-22T12:00:00Z')
const before = (ms: number) => new Date(now - ms).toISOString()

describe('relative times', () => {
  it.each([
    [0, 'just now'], [4_000, 'just now'], [-3_000, 'just now'], [40_000, '40 seconds ago'], [60_000, '1 minute ago'], [59 * 60_000, '59 minutes ago'],
    [3_600_000, '1 hour ago'], [25 * 3_600_000, 'yesterday'], [8 * 86_400_000, 'last week'], [400 * 86_400_000, 'last year'], [-7 * 86_400_000, 'next week'], [-7 * 86_400_000 + 1000, 'in 7 days'],
  ])('%d ms is %s', (ms, text) => expect(ago(before(ms), now)).toBe(text))

  it('says a dash for what is no time', () => expect(ago('never', now)).toBe('–'))
})

describe('spans', () => {
  it.each([[0, '0 s'], [8_000, '8 s'], [61_000, '1 min 1 s'], [3_600_000, '1 h'], [93_784_000, '1 d 2 h'], [-5, '0 s']])('%d ms is %s', (ms, text) => expect(lasted(ms)).toBe(text))
  it('counts down to zero and no further', () => expect([65_000, 59_001, 900, -4].map(countdown)).toEqual(['1:05', '1:00', '0:01', '0:00']))
})
