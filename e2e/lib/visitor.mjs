// A person's browser as far as cookies, hosts and redirects go, for tests that
// need to send exactly what they mean: forged headers, old cookies, raw deploys.
import http from 'node:http'
import { password } from './leat.mjs'

export class Visitor {
  constructor(leat) {
    this.leat = leat
    this.jars = new Map()
  }

  static async signedIn(leat, username = 'admin') {
    const v = new Visitor(leat)
    const res = await v.ask('POST', leat.base + '/api/v1/session', { username, password })
    if (res.status !== 200) throw new Error(`sign in ${username}: ${res.status} ${res.text}`)
    return v
  }

  jar(host) {
    if (!this.jars.has(host)) this.jars.set(host, new Map())
    return this.jars.get(host)
  }

  /** Sends one request; headers given replace the browser's own. */
  ask(method, url, body, headers = {}) {
    const u = new URL(url)
    const jar = this.jar(u.host)
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const send = {
      host: u.host,
      'sec-fetch-site': 'same-origin',
      ...(jar.size ? { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') } : {}),
      ...(method === 'GET' || method === 'HEAD' ? {} : { origin: u.origin }),
      ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...headers,
    }
    for (const k of Object.keys(send)) if (send[k] === undefined) delete send[k]
    return new Promise((resolve, reject) => {
      const req = http.request(
        { host: '127.0.0.1', port: u.port, method, path: u.pathname + u.search, headers: send },
        (res) => {
          let got = ''
          res.setEncoding('utf8')
          res.on('data', (d) => (got += d))
          res.on('end', () => {
            for (const c of res.headers['set-cookie'] ?? []) {
              const [pair, ...attrs] = c.split(';')
              const [k, ...v] = pair.split('=')
              if (attrs.some((a) => /^\s*max-age=(0|-\d+)\s*$/i.test(a))) jar.delete(k)
              else jar.set(k, v.join('='))
            }
            resolve({ status: res.statusCode, headers: res.headers, text: got, json: () => JSON.parse(got) })
          })
        },
      )
      req.on('error', reject)
      req.setTimeout(60_000, () => req.destroy(new Error('no answer within 60 s')))
      req.end(text)
    })
  }

  /** Opens a page as a person does: through every redirect of the hand-over. */
  async open(url, headers = {}) {
    for (let hops = 0; hops < 8; hops++) {
      const res = await this.ask('GET', url, undefined, {
        accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', ...headers,
      })
      if (res.status < 300 || res.status > 399) return Object.assign(res, { url })
      url = new URL(res.headers.location, url).href
    }
    throw new Error('redirects without end: ' + url)
  }

  /** Opens the editor of an instance, so that its API can be called. */
  async openEditor(instance) {
    const res = await this.open(instance.editorUrl + '/.leat/editor/')
    if (res.status !== 200) throw new Error(`editor: ${res.status} ${res.text.slice(0, 300)}`)
    return instance.editorUrl + '/.leat/editor'
  }

  /** Deploys as the editor does; answers what it would show. */
  async deploy(instance, flows, type = 'full') {
    return this.ask('POST', instance.editorUrl + '/.leat/editor/flows', { flows }, {
      'node-red-api-version': 'v2', 'node-red-deployment-type': type,
    })
  }

  async flows(instance) {
    const res = await this.ask('GET', instance.editorUrl + '/.leat/editor/flows', undefined, { 'node-red-api-version': 'v2' })
    if (res.status !== 200) throw new Error(`flows: ${res.status} ${res.text}`)
    return res.json().flows
  }
}
