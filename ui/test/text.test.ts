import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '@/text/en'
import { t } from '@/text'
import { phrase } from '@/page/audit_event/sentence'

function leaves(tree: object, path = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [path + key] : leaves(value as object, `${path}${key}.`)))
}

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((f) => /\.(vue|ts)$/.test(f))
  .map((f) => readFileSync(join('src', f), 'utf8'))
  .join('\n')

describe('messages', () => {
  it('are each said somewhere', () => {
    // A key that is put together at run time counts by its beginning.
    const made = [...source.matchAll(/[`']([a-z]+(?:\.[a-zA-Z]+)*\.)\$\{/g)].map((m) => m[1]!)
    const unused = leaves(en).filter((key) => !source.includes(`'${key}'`) && !source.includes(`"${key}"`) && !made.some((start) => key.startsWith(start)))
    expect(unused.filter((key) => !key.startsWith('field.'))).toEqual([])
  })

  it('choose their form by number', () => {
    expect(t('instance.count', { n: 1 })).toBe('1 instance')
    expect(t('instance.count', { n: 0 })).toBe('0 instances')
  })

  it('leave no place open', () => {
    expect(t('home.trouble', { n: 3 })).not.toContain('{')
  })

  it('read as a sentence with and without the name of the object', () => {
    expect(phrase('environment.edit')).toEqual({ text: 'changed the environment', joint: ' of' })
    expect(phrase('instance.start')).toEqual({ text: 'started', joint: '' })
    expect(phrase('pump-group.some_thing')).toEqual({ text: 'pump group: some thing', joint: '' })
  })
})
