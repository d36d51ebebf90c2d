/** What the page does about the end of a session. */
export type Idle = 'calm' | 'warn' | 'over'

/** How long before the end the warning shows: two minutes, less where sessions are short. */
export function warnBefore(idleMs: number): number {
  return Math.min(120_000, idleMs * 0.25)
}

/** Where a session stands that ends at end, seen at now. */
export function standing(end: number, now: number, idleMs: number): Idle {
  if (now >= end) return 'over'
  return end - now <= warnBefore(idleMs) ? 'warn' : 'calm'
}

export interface ActivityOptions {
  report: () => Promise<void>
  now?: () => number
  /** At most one report in this time. */
  every?: number
}

/**
 * Activity reports a person's input to the server, at most once a minute; input that falls between is reported
 * when the minute is over, so that the end is counted from the last thing the person did.
 */
export class Activity {
  private readonly options: ActivityOptions
  private reportedAt = -Infinity
  private timer: ReturnType<typeof setTimeout> | undefined
  private busy = false

  constructor(options: ActivityOptions) {
    this.options = options
  }

  /** A real input was made. now skips the wait: the session is about to end. */
  touch(urgent = false): void {
    const every = this.options.every ?? 60_000
    const wait = this.reportedAt + every - this.clock()
    if (wait <= 0 || urgent) {
      clearTimeout(this.timer)
      this.timer = undefined
      void this.send()
      return
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.send()
    }, wait)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private clock(): number {
    return this.options.now?.() ?? Date.now()
  }

  private async send(): Promise<void> {
    if (this.busy) return
    this.busy = true
    this.reportedAt = this.clock()
    try {
      await this.options.report()
    } catch {
      // Not heard: the next input tries again at once.
      this.reportedAt = -Infinity
    } finally {
      this.busy = false
    }
  }
}
