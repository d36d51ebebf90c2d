import { describe, expect, it } from 'vitest'
import { score, search, type Command } from '@/part/command/search'

const command = (label: string, hint = '', words = ''): Command => ({ id: label, label, hint, words, icon: '', group: '', run: () => {} })
const list = [command('Instances'), command('Pump station 1', 'Drinking water'), command('Pump station 12', 'Waste water'), command('Sump pump'), command('Your account', '', 'password tokens'), command('Überlauf Süd')]
const found = (query: string) => search(list, query).map((c) => c.label)

describe('the palette', () => {
  it('lists everything in order when nothing is asked', () => expect(found(' ')).toHaveLength(list.length))
  it('puts the beginning of a name before the beginning of a word', () => expect(found('pump')).toEqual(['Pump station 1', 'Pump station 12', 'Sump pump']))
  it('needs every word, in any order', () => expect(found('waste pump')).toEqual(['Pump station 12']))
  it('finds by other words and by what stands behind the name', () => {
    expect(found('token')).toEqual(['Your account'])
    expect(found('drinking')).toEqual(['Pump station 1'])
  })
  it('does not care for accents or case', () => expect(found('uberlauf sud')).toEqual(['Überlauf Süd']))
  it('finds letters in order, close together', () => {
    expect(found('pmpst')).toContain('Pump station 1')
    expect(score('zzz', 'Pump')).toBe(0)
  })
})
