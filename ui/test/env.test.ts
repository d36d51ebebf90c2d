import { describe, expect, it } from 'vitest'
import { faultOf, merged, parseEnv } from '@/page/instance/env'

const read = (text: string) => Object.fromEntries(parseEnv(text).variables.map((v) => [v.name, v.value]))

describe('the .env reader', () => {
  it('reads names, values, comments and export', () => {
    expect(read('# site\nexport A=1\nB = two words  # note\nC=a#b\n\nD=\n')).toEqual({ A: '1', B: 'two words', C: 'a#b', D: '' })
  })

  it('takes single quotes as they stand and reads the marks in double ones', () => {
    expect(read(`A='x\\n # $Y'\nB="x\\ny \\"q\\" \\\\ \\$Z" # note`)).toEqual({ A: 'x\\n # $Y', B: 'x\ny "q" \\ $Z' })
  })

  it('reads values that run over lines, and Windows line ends', () => {
    expect(read('KEY="-----BEGIN\r\nabc\r\n-----END"\r\nB=2')).toEqual({ KEY: '-----BEGIN\nabc\n-----END', B: '2' })
  })

  it('expands nothing', () => {
    expect(read('A=$HOME/${B}')).toEqual({ A: '$HOME/${B}' })
  })

  it('says which line it cannot read', () => {
    expect(parseEnv('A=1\nnonsense\nB="open').faults).toEqual([{ line: 2, text: 'shape' }, { line: 3, text: 'quote' }])
  })

  it('skips a byte order mark', () => {
    expect(read('\uFEFFA=1')).toEqual({ A: '1' })
  })
})

describe('merging', () => {
  it('replaces values, keeps what is hidden hidden, and hides what looks secret', () => {
    const there = [{ name: 'HOST', value: 'a', hidden: false }, { name: 'CODE', value: '', hidden: true }]
    expect(merged(there, [{ name: 'HOST', value: 'b' }, { name: 'CODE', value: 'x' }, { name: 'MQTT_PASSWORD', value: 'p' }])).toEqual([
      { name: 'HOST', value: 'b', hidden: false },
      { name: 'CODE', value: 'x', hidden: true },
      { name: 'MQTT_PASSWORD', value: 'p', hidden: true },
    ])
    expect(there[0]!.value).toBe('a')
  })
})

describe('faults of a row', () => {
  const row = (name: string, value = '') => ({ name, value, hidden: false })
  it('finds each kind, and leaves an empty row alone', () => {
    expect(faultOf([row('')], 0)).toBeUndefined()
    expect(faultOf([row('', 'x')], 0)).toBe('empty')
    expect(faultOf([row('1A')], 0)).toBe('shape')
    expect(faultOf([row('A'), row('A')], 0)).toBeUndefined()
    expect(faultOf([row('A'), row('A')], 1)).toBe('twice')
    expect(faultOf([row('A', 'ä'.repeat(16_385))], 0)).toBe('long')
  })
})
