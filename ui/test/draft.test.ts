import { describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { useDraft } from '@/part/draft'

interface Shape { name: string; size: string }

function draft() {
  const source = ref({ shape: { name: 'Pump', size: 'small' } as Shape, version: 1 })
  const made = effectScope().run(() => useDraft(() => source.value))!
  return { source, ...made }
}

describe('a draft', () => {
  it('sends only what differs', () => {
    const { draft: d, patch, changed } = draft()
    expect(changed.value).toBe(false)
    d.value!.size = 'large'
    expect(patch.value).toEqual({ size: 'large' })
  })

  it('takes what others change, and keeps what is being changed here', async () => {
    const { source, draft: d, patch, version } = draft()
    d.value!.size = 'large'
    source.value = { shape: { name: 'Pump 2', size: 'small' }, version: 2 }
    await nextTick()
    expect(d.value).toEqual({ name: 'Pump 2', size: 'large' })
    expect(patch.value).toEqual({ size: 'large' })
    expect(version.value).toBe(2)
  })

  it('stays on its version when the same field was changed by both, so that the server refuses it', async () => {
    const { source, draft: d, version, discard } = draft()
    d.value!.name = 'Mine'
    source.value = { shape: { name: 'Theirs', size: 'small' }, version: 2 }
    await nextTick()
    expect(d.value!.name).toBe('Mine')
    expect(version.value).toBe(1)
    discard()
    expect(d.value!.name).toBe('Theirs')
    expect(version.value).toBe(2)
  })
})
