import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Activity, standing, warnBefore } from '@/session/idle'

describe('where a session stands', () => {
  it('warns two minutes before the end, or a quarter of a short session', () => {
    expect(warnBefore(8 * 3_600_000)).toBe(120_000)
    expect(warnBefore(20_000)).toBe(5_000)
  })

  it('is calm, then warns, then is over', () => {
    const end = 1_000_000
    expect(standing(end, end - 120_001, 3_600_000)).toBe('calm')
    expect(standing(end, end - 120_000, 3_600_000)).toBe('warn')
    expect(standing(end, end - 1, 3_600_000)).toBe('warn')
    expect(standing(end, end, 3_600_000)).toBe('over')
  })
})

describe('activity', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it('is reported at once, then at most once a minute', async () => {
    const report = vi.fn(() => Promise.resolve())
    const activity = new Activity({ report })
    activity.touch()
    for (let second = 0; second < 59; second++) {
      await vi.advanceTimersByTimeAsync(1000)
      activity.touch()
    }
    expect(report).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(report).toHaveBeenCalledTimes(2)
  })

  it('counts from the last input, not from the report before it', async () => {
    const report = vi.fn(() => Promise.resolve())
    const activity = new Activity({ report })
    activity.touch()
    await vi.advanceTimersByTimeAsync(10_000)
    activity.touch()
    await vi.advanceTimersByTimeAsync(50_000)
    expect(report).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(600_000)
    expect(report).toHaveBeenCalledTimes(2)
  })

  it('does not wait when the end is near', async () => {
    const report = vi.fn(() => Promise.resolve())
    const activity = new Activity({ report })
    activity.touch()
    await vi.advanceTimersByTimeAsync(5_000)
    activity.touch(true)
    expect(report).toHaveBeenCalledTimes(2)
  })

  it('tries again with the next input when it was not heard', async () => {
    const report = vi.fn(() => Promise.reject(new Error('away')))
    const activity = new Activity({ report })
    activity.touch()
    await vi.advanceTimersByTimeAsync(10)
    activity.touch()
    await vi.advanceTimersByTimeAsync(10)
    expect(report).toHaveBeenCalledTimes(2)
  })
})
