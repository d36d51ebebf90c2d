import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EventParser, Stream, type Link, type StreamEvent } from '@/api/events'

function parse(...pieces: string[]): StreamEvent[] {
  const events: StreamEvent[] = []
  const parser = new EventParser((e) => events.push(e))
  for (const piece of pieces) parser.feed(piece)
  return events
}

describe('the event parser', () => {
  it('reads names, ids and data of several lines', () => {
    expect(parse('id: 7\nevent: change\ndata: {"a":\ndata: 1}\n\n')).toEqual([{ id: '7', event: 'change', data: '{"a":\n1}' }])
  })

  it('gives the same events however the text is cut', () => {
    const text = ': beat\r\n\r\nid: e-1\r\nevent: log\r\ndata: ä → ö\r\n\r\ndata:x\r\n\r\n'
    const whole = parse(text)
    expect(whole).toHaveLength(2)
    for (let cut = 1; cut < text.length; cut++) expect(parse(text.slice(0, cut), text.slice(cut))).toEqual(whole)
    expect(parse(...text)).toEqual(whole)
  })

  it('keeps the last id for events without one, and drops events without data', () => {
    expect(parse('id: 1\ndata: a\n\nevent: nothing\n\ndata: b\n\n').map((e) => [e.id, e.event])).toEqual([['1', 'message'], ['1', 'message']])
  })
})

describe('the stream', () => {
  let asked: { url: string; headers: Record<string, string>; signal: AbortSignal; send: (text: string) => void; end: () => void }[]
  let status = 200
  let links: Link[]
  let events: StreamEvent[]
  let over: number

  const fake = ((url: string, init: RequestInit) => {
    let controller!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c) })
    const encoder = new TextEncoder()
    init.signal!.addEventListener('abort', () => controller.error(new Error('aborted')))
    asked.push({ url, headers: init.headers as Record<string, string>, signal: init.signal!, send: (text) => controller.enqueue(encoder.encode(text)), end: () => controller.close() })
    return Promise.resolve({ ok: status === 200, status, body } as Response)
  }) as unknown as typeof fetch

  const make = () => new Stream({ url: () => '/events', onEvent: (e) => events.push(e), onLink: (l) => links.push(l), onUnauthorized: () => over++, fetch: fake, delay: (n) => 1000 * (n + 1), silence: 45_000 })

  beforeEach(() => {
    vi.useFakeTimers()
    asked = []
    links = []
    events = []
    over = 0
    status = 200
  })
  afterEach(() => vi.useRealTimers())

  it('comes back after a cut and goes on behind the last event it saw', async () => {
    const stream = make()
    stream.start()
    await vi.advanceTimersByTimeAsync(0)
    asked[0]!.send('id: e-5\nevent: change\ndata: {}\n\n')
    await vi.advanceTimersByTimeAsync(0)
    expect(events).toHaveLength(1)
    asked[0]!.end()
    await vi.advanceTimersByTimeAsync(1000)
    expect(asked).toHaveLength(2)
    expect(asked[1]!.headers['Last-Event-ID']).toBe('e-5')
    expect(links).toEqual(['opening', 'open', 'waiting', 'opening', 'open'])
    stream.stop()
  })

  it('waits longer each time the server does not answer', async () => {
    status = 503
    const stream = make()
    stream.start()
    await vi.advanceTimersByTimeAsync(999)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1999)
    expect(asked).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(asked).toHaveLength(3)
    stream.stop()
  })

  it('stays closed when the session is over, and asks for the cover', async () => {
    status = 401
    const stream = make()
    stream.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(over).toBe(1)
    expect(asked).toHaveLength(1)
  })

  it('takes a stream that is silent too long for dead', async () => {
    const stream = make()
    stream.start()
    await vi.advanceTimersByTimeAsync(30_000)
    asked[0]!.send(': beat\n\n')
    await vi.advanceTimersByTimeAsync(30_000)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(16_000)
    expect(asked).toHaveLength(2)
    stream.stop()
  })

  it('says nothing more after it was stopped', async () => {
    const stream = make()
    stream.start()
    await vi.advanceTimersByTimeAsync(0)
    stream.stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toHaveLength(1)
    expect(asked[0]!.signal.aborted).toBe(true)
    expect(links.at(-1)).toBe('closed')
  })
})
