// An instance whose flow runs what it is sent: the worst flow that a member
// could deploy. It has Node.js whole, as function nodes do.
import assert from 'node:assert/strict'
import net from 'node:net'
import { until } from './leat.mjs'

const code = `
const require = module_.createRequire(process_.argv[1])
const process = process_
const AsyncFunction = (async () => {}).constructor
let out
try {
  out = await new AsyncFunction('require', 'process', 'msg', msg.payload.code)(require, process, msg)
} catch (e) {
  out = { error: e.code || String(e.message || e) }
}
msg.payload = JSON.stringify(out === undefined ? null : out)
msg.headers = { 'content-type': 'application/json' }
return msg`

/** Flows with POST /run, and whatever else is given. */
export function moleFlows(more = []) {
  return [
    { id: 'tab1', type: 'tab', label: 'Mole', disabled: false, info: '' },
    { id: 'run1', type: 'http in', z: 'tab1', name: '', url: '/run', method: 'post', x: 100, y: 100, wires: [['run2']] },
    {
      id: 'run2', type: 'function', z: 'tab1', name: 'run', func: code, outputs: 1, x: 250, y: 100, wires: [['run3']],
      libs: [{ var: 'module_', module: 'module' }, { var: 'process_', module: 'process' }],
    },
    { id: 'run3', type: 'http response', z: 'tab1', name: '', x: 400, y: 100, wires: [] },
    ...more,
  ]
}

/** An endpoint that answers with fixed text and headers. */
export function answers(id, url, payload, headers) {
  return [
    { id: id + 'a', type: 'http in', z: 'tab1', name: '', url, method: 'get', x: 100, y: 200, wires: [[id + 'b']] },
    {
      id: id + 'b', type: 'function', z: 'tab1', name: id, outputs: 1, x: 250, y: 200, wires: [[id + 'c']],
      func: `msg.payload = ${JSON.stringify(payload)}; msg.headers = ${JSON.stringify(headers)}; return msg`,
    },
    { id: id + 'c', type: 'http response', z: 'tab1', name: '', x: 400, y: 200, wires: [] },
  ]
}

/** Runs code inside the flow, for a visitor of it; answers what it returned. */
export async function dig(visitor, instance, text) {
  // It may be starting again after a change of its settings.
  const res = await until('the mole runs', async () => {
    const r = await visitor.ask('POST', instance.url + '/run', { code: text })
    return r.status !== 503 && r
  })
  assert.equal(res.status, 200, `the mole answered ${res.status}: ${res.text}`)
  return res.json()
}

/** Sends bytes as they are and answers all that comes back; of an upgrade, its head. */
export function raw(port, text, host = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const s = net.connect(typeof port === 'string' ? { path: port } : { port, host }, () => s.write(text))
    let got = ''
    s.setTimeout(10_000, () => s.destroy())
    s.on('data', (d) => {
      got += d
      if (/^upgrade:/im.test(text) && got.includes('\r\n\r\n')) s.destroy()
    })
    s.on('error', (e) => (got ? resolve(got) : reject(e)))
    s.on('close', () => resolve(got))
  })
}

export const statusOf = (answer) => Number(answer.match(/^HTTP\/1\.[01] (\d+)/)?.[1] ?? 0)
