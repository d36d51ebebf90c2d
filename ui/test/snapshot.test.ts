import { describe, expect, it } from 'vitest'
import type { Comparison } from '@/api/comparison'
import type { TimelineEntry } from '@/api/timeline'
import { differing, everything, sent } from '@/page/snapshot/components'
import { recognise, recogniseCredentials } from '@/page/snapshot/file'
import { newSecret, strength } from '@/page/snapshot/secret'
import { byDay, facts, sentence } from '@/page/timeline/words'

describe('a file', () => {
  const flows = [{ id: 'a', type: 'tab' }]
  it.each([
    [flows, { kind: 'flows', nodes: 1, sealed: false }],
    [{ rev: '1', flows }, { kind: 'flows', nodes: 1 }],
    [{ name: 'Line 4', flows: { flows, credentials: { $: '00ff' } }, settings: { env: {} } }, { kind: 'flowfuse', name: 'Line 4', sealed: true }],
    [{ flows: { flows, credentials: {} }, leat: { form: 1 } }, { kind: 'leat', sealed: false }],
    [{ flows: { flows, credentials: {} }, settings: { env: { PIN: { hidden: true, $: 'x' } } }, leat: { form: 1 } }, { kind: 'leat', sealed: true }],
  ])('%j is recognised', (file, like) => expect(recognise(JSON.stringify(file))).toMatchObject(like))
  it.each([['', 'empty'], ['[{"id"', 'shape'], ['{"a":1}', 'unknown'], ['[1,2]', 'unknown'], ['7', 'unknown'], ['null', 'unknown']])('%s is %s', (text, fault) => expect(recognise(text)).toBe(fault))
  it('of credentials is sealed or plain', () => {
    expect(recogniseCredentials('{"$":"abc"}')).toMatchObject({ sealed: true })
    expect(recogniseCredentials('{"n1":{"password":"x"}}')).toMatchObject({ sealed: false })
    expect(recogniseCredentials('[]')).toBeUndefined()
  })
})

describe('a secret', () => {
  it('is judged by length and variety', () => {
    expect(strength('')).toBe(0)
    expect(strength('aaaaaaaaaaaaaaaa')).toBe(1)
    expect(strength('summer24')).toBeLessThan(3)
    expect(strength(newSecret())).toBe(4)
    expect(newSecret()).not.toBe(newSecret())
    expect(newSecret()).toMatch(/^\w{6}(-\w{6}){3}$/)
  })
})

describe('a restore', () => {
  const c = {
    flows: [{ change: 'same' }], configuration: [], modules: [{ name: 'x', direct: true, from: '1.0.0', to: '' }], environment: [], settings: [{ name: 'timeZone', from: 'UTC', to: 'Europe/Vienna' }], stack: null,
    credentials: [{ label: 'Broker', type: 'mqtt-broker' }], summary: { added: 0, removed: 0, changed: 0, moved: 0, reordered: 0 },
  } as unknown as Comparison
  it('offers only what differs', () => {
    expect(Object.keys(differing(c)).sort()).toEqual(['credentials', 'modules', 'settings'])
    expect(differing(c).modules).toBe('x 1.0.0 → –')
  })
  it('sends only what was chosen against', () => {
    expect(sent(everything())).toBeUndefined()
    expect(sent({ ...everything(), flows: false, environment: 'keys' })).toEqual({ flows: false, environment: 'keys' })
  })
})

describe('a history', () => {
  const entry = (time: string, more: Partial<TimelineEntry> = {}): TimelineEntry => ({ id: time, instance: 'i-1', time, kind: 'deploy', author: 'olga', summary: {}, count: 1, lastAt: time, ...more })
  it('stands by day', () => {
    const now = new Date(2026, 2, 3, 12).getTime()
    const at = (d: number, h: number) => new Date(2026, 2, d, h).toISOString()
    expect(byDay([entry(at(3, 9)), entry(at(3, 1)), entry(at(2, 23)), entry(at(1, 9))], now).map((d) => [d.day, d.entries.length])).toEqual([['Today', 2], ['Yesterday', 1], ['Sunday, March 1, 2026', 1]])
  })
  it('says what happened and who did it', () => {
    expect(sentence(entry(''))).toBe('deployed')
    expect(sentence(entry('', { kind: 'crash', author: undefined }))).toBe('Node-RED crashed')
    expect(facts(entry('', { summary: { nodeChanges: { added: 1, changed: 2, removed: 0 }, variables: { added: ['LINE'], removed: ['PIN'] } } }))).toEqual(['1 node added, 2 changed', '+ LINE, − PIN'])
  })
})
