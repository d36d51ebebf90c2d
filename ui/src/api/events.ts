/** One event of a server-sent stream. */
export interface StreamEvent { id: string; event: string; data: string }

/** Splits a text/event-stream into events; feed it text as it arrives, in pieces of any size. */
export class EventParser {
  private rest = ''
  private id = ''
  private event = ''
  private data: string[] = []
  private readonly emit: (event: StreamEvent) => void

  constructor(emit: (event: StreamEvent) => void) {
    this.emit = emit
  }

  feed(text: string): void {
    this.rest += text
    // A piece may end between \r and \n: the lone \r waits for the next piece.
    const held = this.rest.endsWith('\r') ? '\r' : ''
    const lines = (held ? this.rest.slice(0, -1) : this.rest).split(/\r\n|\n|\r/)
    this.rest = lines.pop() + held
    for (const line of lines) this.line(line)
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.emit({ id: this.id, event: this.event || 'message', data: this.data.join('\n') })
      this.event = ''
      this.data = []
      return
    }
    if (line.startsWith(':')) return
    const colon = line.indexOf(':')
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'data') this.data.push(value)
    else if (field === 'event') this.event = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
  }
}

export type Link = 'closed' | 'opening' | 'open' | 'waiting'

export interface StreamOptions {
  url: () => string
  onEvent: (event: StreamEvent) => void
  onLink?: (link: Link) => void
  /** The session is over: the stream stays closed until start is called again. */
  onUnauthorized?: () => void
  /** What the address names is not the person's, or no longer. It is tried again, with the address of then. */
  onRefused?: () => void
  fetch?: typeof fetch
  /** How long to wait before the nth retry, in ms. */
  delay?: (attempt: number) => number
  /** A stream that is silent for longer than this is dead; the server beats every 15 s. */
  silence?: number
}

/** Doubles from one second to thirty, with a fifth of chance so that tabs do not come back in step. */
export function backOff(attempt: number): number {
  return Math.min(30_000, 1_000 * 2 ** attempt) * (0.9 + Math.random() * 0.2)
}

/** Stream keeps one event stream open and resumes it where it stopped, by Last-Event-ID. */
export class Stream {
  private readonly options: StreamOptions
  private abort: AbortController | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private attempt = 0
  private lastId = ''

  constructor(options: StreamOptions) {
    this.options = options
  }

  start(): void {
    if (this.abort || this.timer) return
    void this.run()
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.abort?.abort()
    this.abort = undefined
    this.options.onLink?.('closed')
  }

  /** Opens it anew, for instance because the topics changed. */
  restart(): void {
    this.stop()
    this.start()
  }

  private async run(): Promise<void> {
    const abort = new AbortController()
    this.abort = abort
    this.options.onLink?.('opening')
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (this.lastId) headers['Last-Event-ID'] = this.lastId
      const ask = this.options.fetch ?? fetch
      const response = await ask(this.options.url(), { headers, signal: abort.signal, credentials: 'same-origin', cache: 'no-store' })
      if (response.status === 401) {
        this.stop()
        this.options.onUnauthorized?.()
        return
      }
      if (response.status === 403 || response.status === 404) this.options.onRefused?.()
      if (!response.ok || !response.body) throw new Error(`stream answered ${response.status}`)
      this.options.onLink?.('open')
      await this.read(response.body, abort)
    } catch {
      // Whatever ended it, the answer is the same: try again in a while.
    }
    if (this.abort === abort) this.retry()
  }

  private async read(body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> {
    const parser = new EventParser((event) => {
      if (event.id) this.lastId = event.id
      if (this.abort === abort) this.options.onEvent(event)
    })
    const reader = body.getReader()
    const decoder = new TextDecoder()
    let watch: ReturnType<typeof setTimeout> | undefined
    const alive = () => {
      clearTimeout(watch)
      watch = setTimeout(() => void reader.cancel(), this.options.silence ?? 45_000)
    }
    try {
      alive()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        this.attempt = 0
        alive()
        parser.feed(decoder.decode(value, { stream: true }))
      }
    } finally {
      clearTimeout(watch)
    }
  }

  private retry(): void {
    this.abort = undefined
    this.options.onLink?.('waiting')
    this.timer = setTimeout(() => {
      this.timer = undefined
      void this.run()
    }, (this.options.delay ?? backOff)(this.attempt++))
  }
}
