import { describe, expect, it } from 'vitest'
import { cut, filtered, joined } from '@/part/log'
import type { LogLine } from '@/api/shapes'
import { extent, lineOf } from '@/part/graph'
import { labelOf } from '@/page/instance/label'
import { staleKeys } from '@/api/live'

const line = (n: number, text = `line ${n}`, level: LogLine['level'] = 'info'): LogLine => ({ cursor: String(n), time: '2026-01-01T00:00:00Z', level, source: 'flow', text })

describe('a log', () => {
  it('takes each line once and forgets the oldest', () => {
    const all = joined([line(1), line(2)], [line(2), line(3)])
    expect(all.map((l) => l.cursor)).toEqual(['1', '2', '3'])
    expect(joined(all, [line(4)], 3).map((l) => l.cursor)).toEqual(['2', '3', '4'])
    expect(joined(all, [line(3)])).toBe(all)
  })
  it('filters by level and text, and marks what was found', () => {
    const lines = [line(1, 'Pump ON'), line(2, 'pump off', 'error'), line(3, 'tank')]
    expect(filtered(lines, ['error'], '')).toEqual([lines[1]])
    expect(filtered(lines, [], ' pump ')).toHaveLength(2)
    expect(cut('a pump, a Pump', 'pump').filter((p) => p.hit).map((p) => p.text)).toEqual(['pump', 'Pump'])
    expect(cut('a pump', 'pump').map((p) => p.text).join('')).toBe('a pump')
  })
})

describe('a line of measurements', () => {
  const at = (seconds: number) => new Date(seconds * 1000).toISOString()
  it('keeps the least and the greatest', () => {
    const line = lineOf([{ time: at(0), value: 5, min: 1, max: 9 }, { time: at(60), value: 4 }], 60)
    expect(line).toEqual({ times: [0, 60], values: [5, 4], least: [1, 4], most: [9, 4] })
    expect(extent(line)).toEqual({ min: 1, max: 9, last: 4 })
  })
  it('is broken where nothing was measured', () => {
    expect(lineOf([{ time: at(0), value: 1 }, { time: at(600), value: 2 }], 60).values).toEqual([1, null, 2])
    expect(extent(lineOf([], 60))).toBeUndefined()
  })
})

describe('a label', () => {
  it.each([['Pumpstation Süd 3', 'pumpstation-sud-3'], ['Straße', 'strasse'], ['محطة', 'instance'], ['  ', ''], ['a'.repeat(64), 'a'.repeat(34)]])('of %s is %s', (name, label) => expect(labelOf(name)).toBe(label))
})

describe('an event', () => {
  it('makes the thing and its lists old', () => {
    expect(staleKeys({ noun: 'instance', id: 'i-1', team: 't-1', time: '' })).toContainEqual(['instances', 't-1'])
  })
})
