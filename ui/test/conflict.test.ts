import { describe, expect, it, vi } from 'vitest'
import { Failure } from '@/api/problem'
import { clash, saveOver, settle } from '@/part/conflict'

const stale = (current: object) => new Failure(412, { code: 'stale', current })

describe('saving over somebody', () => {
  it('shows what differs and saves mine on the version that is there now', async () => {
    const save = vi.fn((version?: number) => (version === undefined ? Promise.reject(stale({ name: 'Theirs', version: 5 })) : Promise.resolve({ name: 'Mine', version: 6 })))
    const saving = saveOver('Pump', { name: 'Mine' }, save)
    await vi.waitFor(() => expect(clash.open).toBe(true))
    expect(clash.differences).toEqual([{ field: 'name', mine: 'Mine', theirs: 'Theirs' }])
    settle(true)
    expect(await saving).toEqual({ name: 'Mine', version: 6 })
    expect(save).toHaveBeenLastCalledWith(5)
  })

  it('takes theirs without saving', async () => {
    const save = vi.fn(() => Promise.reject(stale({ name: 'Theirs', version: 5 })))
    const saving = saveOver('Pump', { name: 'Mine' }, save)
    await vi.waitFor(() => expect(clash.open).toBe(true))
    settle(false)
    expect(await saving).toEqual({ name: 'Theirs', version: 5 })
    expect(save).toHaveBeenCalledTimes(1)
  })

  it('asks nothing when the other one already made the same change', async () => {
    const save = () => Promise.reject(stale({ name: 'Mine', version: 5 }))
    expect(await saveOver('Pump', { name: 'Mine' }, save)).toEqual({ name: 'Mine', version: 5 })
  })
})
