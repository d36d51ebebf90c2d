// A real Leat for a test: the built program on a data directory of its own.
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'

export const root = path.resolve(import.meta.dirname, '../..')
export const binary = process.env.LEAT_BIN ?? path.join(root, 'bin/leat')
export const runtime = process.env.LEAT_TEST_RUNTIME ?? path.join(root, '.cache/runtime')

export const password = 'mill race under the bridge 7'

/** Waits until f gives something true, and returns it. */
export async function until(what, f, limit = 60_000) {
  const end = Date.now() + limit
  for (let last; ; ) {
    try {
      const got = await f()
      if (got) return got
      last = got
    } catch (e) {
      last = e
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${limit / 1000} s (last: ${last})`)
    await new Promise((r) => setTimeout(r, 50))
  }
}

export async function freePort() {
  return new Promise((resolve, reject) => {
    const s = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address()
      s.close(() => resolve(port))
    })
    s.on('error', reject)
  })
}

export class Leat {
  /** Starts `leat serve`; with admin, the administrator is there already. */
  static async start({ admin = true, env = {}, args = [], data } = {}) {
    const l = new Leat()
    l.ownsData = !data
    l.data = data ?? mkdtempSync(path.join(os.tmpdir(), 'leat-e2e-'))
    chmodSync(l.data, 0o711)
    l.port = await freePort()
    l.env = env
    l.args = args
    l.admin = admin
    await l.spawn()
    return l
  }

  async spawn() {
    const admin = this.admin
      ? { LEAT_ADMIN_USERNAME: 'admin', LEAT_ADMIN_PASSWORD: password, LEAT_ADMIN_EMAIL: 'admin@example.com' }
      : {}
    this.log = ''
    this.process = spawn(binary, ['serve', '--data', this.data, '--listen', `127.0.0.1:${this.port}`, ...this.args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LEAT_RUNTIME_DIR: runtime, LEAT_PALETTE_CATALOGUE: '', LEAT_PORTS_INSTANCES: 'off', ...admin, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const keep = (b) => (this.log += b)
    this.process.stdout.on('data', keep)
    this.process.stderr.on('data', keep)
    this.ended = new Promise((r) => this.process.on('exit', (code, signal) => r(signal ?? code)))
    this.over = false
    this.ended.then(() => (this.over = true))
    await until('server answers', async () => {
      if (this.over) throw new Error('server ended:\n' + this.log)
      return (await fetch(`http://127.0.0.1:${this.port}/healthz`)).ok
    }).catch((e) => {
      throw new Error(e.message + '\n' + this.log)
    })
  }

  get base() {
    return `http://leat.localhost:${this.port}`
  }

  /** The address of the loopback interface, for requests of the test's own. */
  get loopback() {
    return `http://127.0.0.1:${this.port}`
  }

  setupLink() {
    return until('setup link', () => this.log.match(/http:\/\/[^\s"]+\/setup#[\w-]+/)?.[0])
  }

  async kill(signal = 'SIGKILL') {
    this.process.kill(signal)
    return this.ended
  }

  async stop() {
    if (!this.over) {
      // Instances outlive the server on purpose; a test takes them down with it.
      await this.stopInstances().catch(() => {})
      await this.kill('SIGTERM')
    }
    this.endLaunchers()
    if (this.ownsData) rmSync(this.data, { recursive: true, force: true, maxRetries: 5 })
  }

  async stopInstances() {
    if (!this.token) return
    const teams = await this.api('GET', '/teams')
    for (const team of teams.items) {
      const list = await this.api('GET', `/teams/${team.id}/instances?limit=500`)
      for (const i of list.items) await this.api('DELETE', `/instances/${i.id}`)
      await until('instances gone', async () => (await this.api('GET', `/teams/${team.id}/instances`)).items.length === 0)
    }
  }

  endLaunchers() {
    endNow(launchersOf(this.data))
  }

  /** Calls the API with the administrator's token, made at first need. */
  async api(method, path, body, headers = {}) {
    if (!this.token) {
      const res = await fetch(this.loopback + '/api/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.loopback },
        body: JSON.stringify({ username: 'admin', password }),
      })
      if (!res.ok) throw new Error(`sign in: ${res.status} ${await res.text()}`)
      const cookie = res.headers.getSetCookie()[0].split(';')[0]
      const made = await fetch(this.loopback + '/api/v1/user/tokens', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.loopback, cookie },
        body: JSON.stringify({ name: 'e2e' }),
      })
      this.token = (await made.json()).token
    }
    const res = await fetch(this.loopback + '/api/v1' + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await res.text()
    if (!res.ok) throw Object.assign(new Error(`${method} ${path}: ${res.status} ${text}`), { status: res.status, body: text })
    return text ? JSON.parse(text) : null
  }

  /** Makes a team with one application and returns both. */
  async team(name = 'Waterworks') {
    const team = await this.api('POST', '/teams', { name })
    const application = await this.api('POST', `/teams/${team.id}/applications`, { name: 'Pump house' })
    return { team, application }
  }

  /** Adds a person to a team, with a role, and returns how to sign in. */
  async person(username, team, role) {
    const user = { username, password, email: `${username}@example.com` }
    await this.api('POST', '/users', user)
    if (team) {
      const inv = await this.api('POST', `/teams/${team.id}/invitations`, { username, role })
      const secret = new URL(inv.link).hash.slice(1)
      const session = await this.session(username)
      const res = await fetch(this.loopback + '/api/v1/invitations/accept', {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: this.loopback, cookie: session },
        body: JSON.stringify({ secret }),
      })
      if (!res.ok) throw new Error(`accept: ${res.status} ${await res.text()}`)
    }
    return user
  }

  async session(username) {
    const res = await fetch(this.loopback + '/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.loopback },
      body: JSON.stringify({ username, password }),
    })
    if (!res.ok) throw new Error(`sign in ${username}: ${res.status} ${await res.text()}`)
    return res.headers.getSetCookie()[0].split(';')[0]
  }

  async instance(application, body) {
    const made = await this.api('POST', `/applications/${application.id}/instances`, body)
    return this.untilState(made.id, 'running')
  }

  untilState(id, state, limit) {
    return until(`instance ${state}`, async () => {
      const i = await this.api('GET', `/instances/${id}`)
      if (i.state === 'failed' && state !== 'failed') throw new Error(i.reason)
      return i.state === state && i
    }, limit)
  }
}

/** The launchers of a data directory, with what runs below them. */
export function launchersOf(data) {
  const found = []
  for (const p of processes()) {
    if (p.args.includes('launch') && p.line.includes(data)) found.push(p.pid)
  }
  return found
}

/** The Node-REDs of a data directory: what its launchers started. */
export function nodesOf(data) {
  const launchers = launchersOf(data)
  return processes().filter((p) => p.args.length > 0 && launchers.includes(p.parent)).map((p) => p.pid)
}

/** Ends processes without asking them; says how many there were. */
export function endNow(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // it ended with its parent
    }
  }
  return pids.length
}

/** All processes: pid, parent, arguments. */
export function processes() {
  const out = []
  for (const pid of readdirNumbers('/proc')) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
      out.push({ pid, parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), args, line: args.join(' ') })
    } catch {
      // it ended while we looked
    }
  }
  return out
}

function readdirNumbers(dir) {
  return readdirSync(dir).filter((n) => /^\d+$/.test(n)).map(Number)
}
