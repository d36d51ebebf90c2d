// A machine that flows talk to: it notes what each request brought.
import http from 'node:http'
import { until } from './leat.mjs'

export class Meter {
  static async start() {
    const m = new Meter()
    m.heard = []
    m.server = http.createServer((req, res) => {
      let body = ''
      req.on('data', (d) => (body += d))
      req.on('end', () => {
        m.heard.push({ user: Buffer.from(req.headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString(), body })
        res.end('noted')
      })
    })
    await new Promise((resolve) => m.server.listen(0, '127.0.0.1', resolve))
    m.url = `http://127.0.0.1:${m.server.address().port}/reading`
    return m
  }

  /** Waits for a reading that comes from now on. */
  async hears(body) {
    const from = this.heard.length
    return until(`the reading ${body}`, () => this.heard.slice(from).find((h) => h.body === body))
  }

  async stop() {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  /** A flow that sends a reading each half second, with a user and a password that only credentials hold. */
  flows(reading = 'reading 0') {
    return [
      { id: 'a000000000000001', type: 'tab', label: 'Meter', disabled: false, info: '' },
      { id: 'a000000000000002', type: 'inject', z: 'a000000000000001', name: 'Twice a second', props: [], repeat: '0.5', once: true, onceDelay: 0.1, x: 140, y: 80, wires: [['a000000000000003']] },
      { id: 'a000000000000003', type: 'function', z: 'a000000000000001', name: 'Reading', func: code(reading), outputs: 1, x: 320, y: 80, wires: [['a000000000000004']] },
      { id: 'a000000000000004', type: 'http request', z: 'a000000000000001', name: 'Send', method: 'POST', ret: 'txt', url: this.url, authType: 'basic', senderr: false, headers: [], x: 490, y: 80, wires: [[]] },
    ]
  }
}

export const credentials = { a000000000000004: { user: 'plant', password: 'rushing-weir-9' } }
export const reader = 'a000000000000003'
export const code = (reading) => `msg.payload = ${JSON.stringify(reading)}\nreturn msg`
