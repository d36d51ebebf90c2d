import { describe, expect, it } from 'vitest'
import { sorted, windowed, type Column } from '@/part/table'

const columns: Column<{ n: string; k: number }>[] = [{ key: 'n', label: '', by: (r) => r.n }, { key: 'k', label: '', by: (r) => r.k }, { key: 'x', label: '' }]
const rows = [{ n: 'Line 10', k: 1 }, { n: 'line 2', k: 3 }, { n: 'Ähre', k: 2 }]

describe('sorting', () => {
  it('orders names as people do, and turns round with a minus', () => {
    expect(sorted(rows, columns, 'n').map((r) => r.n)).toEqual(['Ähre', 'line 2', 'Line 10'])
    expect(sorted(rows, columns, '-k').map((r) => r.k)).toEqual([3, 2, 1])
  })
  it('leaves the order alone for columns that have none', () => expect(sorted(rows, columns, 'x')).toEqual(rows))
})

describe('the window', () => {
  it('draws short lists whole', () => expect(windowed(120, 38, 0, 800)).toEqual({ from: 0, to: 120, before: 0, after: 0 }))
  it('draws what is in view, and keeps the height', () => {
    for (const top of [0, 5_000, 379_000, 999_999]) {
      const { from, to, before, after } = windowed(10_000, 38, top, 800)
      expect(to - from).toBeLessThan(60)
      expect(before + (to - from) * 38 + after).toBe(380_000)
    }
  })
})
