// What a flow can do to others: nothing. Each attempt is made from inside a real
// Node-RED, beside a control that shows that the attempt would work where it may.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Leat, freePort, launchersOf, processes, until } from '../lib/leat.mjs'
import { dig, moleFlows, raw, statusOf } from '../lib/mole.mjs'
import { Visitor } from '../lib/visitor.mjs'

let leat, team, mole, neighbour, visitor, secretFile

before(async () => {
  assert.equal(process.getuid(), 0, 'instances have users of their own only where Leat runs as root')
  leat = await Leat.start({ env: { LEAT_PORTS_INSTANCES: 'off' } })
  const made = await leat.team()
  const { application } = made
  team = made.team
  mole = await leat.instance(application, { name: 'Mole' })
  neighbour = await leat.instance(application, { name: 'Neighbour' })
  visitor = await Visitor.signedIn(leat)
  for (const i of [mole, neighbour]) {
    await until('the editor opens', () => visitor.openEditor(i))
    const res = await visitor.deploy(i, moleFlows())
    assert.equal(res.status, 200, res.text)
    await visitor.open(i.url + '/run')
    await until('flow answers', async () => (await ask('return 1', i)) === 1)
  }
  const home = await dig(visitor, neighbour, `require('fs').writeFileSync('diary.txt', 'dear diary'); return process.cwd()`)
  secretFile = path.join(home, 'diary.txt')
})

after(() => leat?.stop())

const ask = (text, where = mole) => dig(visitor, where, text)
const denied = new Set(['EACCES', 'EPERM', 'ERR_ACCESS_DENIED'])
function assertDenied(got, what) {
  assert.ok(denied.has(got?.error), `${what}: ${JSON.stringify(got)}; want it refused`)
}

/** The Node-RED of an instance, and the launcher above it. */
function nodeOf(instance) {
  const all = processes()
  const launcher = all.find((p) => p.args.includes('launch') && p.line.endsWith(instance.id))
  return { node: all.find((p) => p.parent === launcher?.pid), launcher }
}

test('a flow reads and writes its own directory, and sees nothing of others', async () => {
  const own = await ask(`const fs = require('fs'); fs.writeFileSync('x', '1'); return fs.readFileSync('x', 'utf8')`)
  assert.equal(own, '1', 'control')
  const files = {
    database: path.join(leat.data, 'leat.db'), key: path.join(leat.data, 'platform.key'), neighbour: secretFile,
    shadow: '/etc/shadow', place: path.join(leat.data, 'instances', mole.id, 'ctl/place.json'),
    log: path.join(leat.data, 'instances', mole.id, 'log'),
  }
  for (const [what, file] of Object.entries(files)) {
    assert.ok(existsSync(file), `control: ${file} is there`)
    assertDenied(await ask(`const fs = require('fs'); const f = ${JSON.stringify(file)}; return fs.statSync('.') && (fs.existsSync(f) && fs.lstatSync(f).isDirectory() ? fs.readdirSync(f) : fs.readFileSync(f, 'latin1'))`), what)
    const link = await ask(`const fs = require('fs'); fs.rmSync('l', {force: true}); fs.symlinkSync(${JSON.stringify(file)}, 'l'); return fs.readFileSync('l', 'latin1')`)
    assert.ok(link?.error, `${what} by a link: ${JSON.stringify(link)}`)
    const written = await ask(`require('fs').appendFileSync(${JSON.stringify(file)}, 'x'); return 'written'`)
    assert.ok(written?.error, `${what} was written`)
  }
  const child = await ask(`const r = require('child_process').spawnSync('cat', [${JSON.stringify(secretFile)}]); return {text: String(r.stdout), status: r.status}`)
  assert.equal(child.text, '', 'a child of the flow read the neighbour')
  assert.equal(readFileSync(secretFile, 'utf8'), 'dear diary', 'the neighbour lost nothing')
})

test('a flow learns nothing from other processes', async () => {
  const { node, launcher } = nodeOf(neighbour)
  const targets = { server: leat.process.pid, launcher: launcher.pid, node: node.pid, 'own launcher': nodeOf(mole).launcher.pid }
  assert.ok((await ask(`return require('fs').readFileSync('/proc/self/environ', 'utf8')`)).length > 0, 'control')
  for (const [what, pid] of Object.entries(targets)) {
    assert.ok(readFileSync(`/proc/${pid}/environ`).length > 0, 'control: root may read it')
    for (const part of ['environ', 'mem', 'maps', 'root/etc/hostname', 'cwd/diary.txt']) {
      const got = await ask(`return require('fs').readFileSync('/proc/${pid}/${part}', 'latin1')`)
      assert.ok(got?.error, `${part} of ${what}: ${JSON.stringify(got).slice(0, 100)}`)
    }
    assertDenied(await ask(`return require('fs').readdirSync('/proc/${pid}/fd')`), `descriptors of ${what}`)
  }
})

test('a flow signals only what it started', async () => {
  const own = await ask(`const c = require('child_process').spawn('sleep', ['60']); return new Promise(r => { c.on('exit', (_, s) => r(s)); process.kill(c.pid, 'SIGTERM') })`)
  assert.equal(own, 'SIGTERM', 'control')
  const { node, launcher } = nodeOf(neighbour)
  for (const pid of [leat.process.pid, launcher.pid, node.pid, nodeOf(mole).launcher.pid, process.pid]) {
    assertDenied(await ask(`return process.kill(${pid}, 'SIGKILL')`), `signal to ${pid}`)
  }
  assert.equal(nodeOf(neighbour).node.pid, node.pid, 'the neighbour lives')
  assert.ok(!leat.over)
})

const listen = (port) => `return new Promise((done) => { const s = require('net').createServer((c) => c.end('mole')).on('error', (e) => done({error: e.code})).listen(${port}, '127.0.0.1', () => done('listening')) })`

test('a flow listens on the ports that an owner named, and no other', async () => {
  const port = await freePort()
  for (const p of [port, leat.port, 0, 20000]) assertDenied(await ask(listen(p)), `port ${p}`)
  const edit = (ports) => leat.api('PATCH', `/instances/${mole.id}`, { ports })
  await assert.rejects(edit([leat.port]), /422/, "the platform's own port was given away")
  await assert.rejects(edit([20001]), /422/, "a door's port was given away")
  await edit([port])
  await until('control: the named port', async () => (await ask(listen(port))) === 'listening')
  assert.equal(await raw(port, ''), 'mole')
  await edit([])
  await until('no port again', async () => denied.has((await ask(listen(port)))?.error))
})

const connect = (to) => `return new Promise((done) => { const c = require('net').connect(${JSON.stringify(to)}).on('error', (e) => done({error: e.code})).on('connect', () => done('connected')) })`

test("a flow reaches its own socket, and no neighbour's, launcher's or server's", async () => {
  assert.equal(await ask(connect({ path: '../run/nr.sock' })), 'connected', 'control')
  const at = (i, name) => path.join(leat.data, 'instances', i.id, name)
  for (const file of [at(neighbour, 'run/nr.sock'), at(neighbour, 'ctl/l.sock'), at(mole, 'ctl/l.sock'), path.join(leat.data, 'run/hub.sock')]) {
    assert.ok(lstatSync(file).isSocket(), `control: ${file}`)
    const link = `try { require('fs').rmSync('s', {force: true}); require('fs').symlinkSync(${JSON.stringify(file)}, 's') } catch (e) { return {error: e.code} }\n`
    if (file.length < 104) assertDenied(await ask(connect({ path: file })), file)
    assertDenied(await ask(link + connect({ path: 's' })), `${file} by a link`)
  }
})

test('nobody passes by the door, however near', async () => {
  const socket = path.join(leat.data, 'instances', neighbour.id, 'run/nr.sock')
  const near = `/proc/self/fd/${await import('node:fs').then((fs) => fs.openSync(path.dirname(socket), 'r'))}/nr.sock`
  for (const at of ['/run', '/.leat/editor/flows', '/.leat/editor/']) {
    assert.equal(statusOf(await raw(near, `GET ${at} HTTP/1.1\r\nHost: x\r\nX-Leat-Key: guess\r\nConnection: close\r\n\r\n`)), 403)
  }
  assert.equal(await raw(near, 'GET /.leat/editor/comms HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n').catch(() => ''), '', 'a socket opened without the key')
})

// A flow shares the process with the editor's API, so it can see what the door
// says there. That is good for itself alone, and for a minute.
const spy = `
  if (!globalThis.spied) {
    globalThis.spied = {}
    require('diagnostics_channel').subscribe('http.server.request.start', ({ request }) => {
      const h = request.headers
      if (h['x-leat-key']) globalThis.spied.key = h['x-leat-key']
      if (h.authorization) globalThis.spied.identity = h.authorization
    })
  }
  return globalThis.spied`

test("an identity from one instance opens no other, and its door's key neither", async () => {
  const stolen = []
  for (const i of [mole, neighbour]) {
    await ask(spy, i)
    await visitor.flows(i)
    const got = await ask(spy, i)
    assert.match(got.identity, /^Bearer ey/)
    stolen.push(got)
  }
  const [mine, theirs] = stolen
  assert.notEqual(mine.key, theirs.key, 'two instances share a door key')
  const { openSync } = await import('node:fs')
  const near = `/proc/self/fd/${openSync(path.join(leat.data, 'instances', neighbour.id, 'run'), 'r')}/nr.sock`
  const get = (key, identity) => raw(near, `GET /.leat/editor/flows HTTP/1.1\r\nHost: x\r\nX-Leat-Key: ${key}\r\nAuthorization: ${identity}\r\nConnection: close\r\n\r\n`)
  assert.equal(statusOf(await get(theirs.key, theirs.identity)), 200, 'control')
  assert.equal(statusOf(await get(theirs.key, mine.identity)), 401, 'an identity for the mole opened the neighbour')
  assert.equal(statusOf(await get(mine.key, theirs.identity)), 403, "the mole's key opened the neighbour")
  for (const url of [neighbour.editorUrl, mole.editorUrl]) {
    const stranger = new Visitor(leat)
    const res = await stranger.ask('GET', url + '/.leat/editor/flows', undefined, { authorization: mine.identity })
    assert.equal(res.status, 401, 'the door took an identity for a session')
  }
})

const deployInside = (flows, user) => `
  const red = require('./lib/red.js')
  const now = await red.runtime.flows.getFlows({})
  return red.runtime.flows.setFlows({ deploymentType: 'nodes', user: ${JSON.stringify(user)}, flows: { flows: now.flows.concat(${JSON.stringify(flows)}) } }).then(() => 'deployed')`

const comment = (id) => [{ id, type: 'comment', z: 'tab1', name: id, info: '', x: 100, y: 300, wires: [] }]
const deploys = async () => (await leat.api('GET', `/instances/${mole.id}/audit-events?event=flows.deploy`)).items

test("what a flow deploys is the instance's own, whatever name it gives", async () => {
  const held = await visitor.flows(mole)
  const res = await visitor.deploy(mole, [...held, ...comment('by-admin')], 'nodes')
  assert.equal(res.status, 200, res.text)
  assert.equal((await deploys())[0].actor.username, 'admin', 'control')
  assert.equal(await ask(deployInside(comment('forged'), { username: 'admin', permissions: '*' })), 'deployed')
  const [last] = await deploys()
  assert.notEqual(last.actor.username, 'admin', 'a flow deployed in the name of a person')
  assert.match(last.actor.username, /instance itself/)
  assert.ok((await leat.api('GET', `/instances/${mole.id}/flows`)).flows.some((n) => n.id === 'forged'))
})

test('a flow that deploys all day is slowed down, and people are not', async () => {
  const before = (await deploys()).length
  const refused = await ask(`
    const red = require('./lib/red.js')
    let refused = 0
    for (let n = 0; n < 60; n++) {
      const now = await red.runtime.flows.getFlows({})
      await red.runtime.flows.setFlows({ deploymentType: 'nodes', flows: { flows: now.flows.map((x) => x.id === 'forged' ? { ...x, name: String(n) } : x) } }).catch(() => refused++)
    }
    return refused`)
  assert.ok(refused >= 30, `${refused} of 60 deploys were refused`)
  assert.ok((await deploys()).length - before <= 30)
  const held = await visitor.flows(mole)
  const res = await visitor.deploy(mole, [...held, ...comment('still-me')], 'nodes')
  assert.equal(res.status, 200, res.text)
  assert.equal((await deploys())[0].actor.username, 'admin')
})

test("what a visitor's browser sends is of no use to the flow", async () => {
  await leat.person('vera', team, 'viewer')
  const vera = await Visitor.signedIn(leat, 'vera')
  await until('the way in', async () => (await vera.open(mole.url + '/run')).status === 404)
  const seen = await dig(vera, mole, 'return msg.req.headers')
  assert.equal(JSON.parse(Buffer.from(seen['x-leat-user'], 'base64url')).username, 'vera', 'control: the flow knows who is there')
  assert.equal(seen.cookie, undefined)
  assert.equal(seen.authorization, undefined)
  assert.equal(seen['x-leat-key'] || '', '')
  const call = (headers) => `return new Promise((done, fail) => require('http').get('http://127.0.0.1:${leat.port}/api/v1/user', { headers: ${JSON.stringify(headers)} }, (r) => { r.resume(); done(r.statusCode) }).on('error', fail))`
  assert.equal(await dig(vera, mole, call({ authorization: 'Bearer ' + leat.token })), 200, "control: with a person's token it would work")
  assert.equal(await dig(vera, mole, call({})), 401)
  assert.equal(await dig(vera, mole, call(Object.fromEntries(Object.entries(seen).filter(([k]) => k.startsWith('x-leat'))))), 401)
})

test('links that a flow leaves lead nobody astray', async () => {
  const victim = path.join(leat.data, 'instances', neighbour.id, 'user', 'victim')
  const rootFile = path.join(leat.data, 'root-file')
  writeFileSync(victim, 'whole')
  writeFileSync(rootFile, 'whole')
  chmodSync(rootFile, 0o600)
  const was = [victim, rootFile].map((f) => statSync(f))
  for (const target of [victim, rootFile, path.dirname(victim), '/etc']) {
    await ask(`
      const fs = require('fs')
      for (const name of ['package.json', '.package.json.new', 'node_modules', '.node_modules.new', '../run/nr.sock', '../tmp/x', '.config.runtime.json', 'settings.js']) {
        try { fs.rmSync(name, { recursive: true, force: true }); fs.symlinkSync(${JSON.stringify(target)}, name) } catch {}
      }
      for (const name of ['user', 'run', 'tmp', 'lib', 'log', 'ctl']) {
        try { fs.renameSync('../' + name, '../' + name + '2'); fs.symlinkSync(${JSON.stringify(target)}, '../' + name) } catch {}
      }`)
    const before = nodeOf(mole).node.pid
    await leat.api('POST', `/instances/${mole.id}/restart`)
    await until('started again', () => { const n = nodeOf(mole).node; return n && n.pid !== before })
    await leat.untilState(mole.id, 'running')
    await until('flow answers', async () => (await visitor.ask('POST', mole.url + '/run', { code: 'return 1' })).status === 200)
  }
  for (const [n, f] of [victim, rootFile].entries()) {
    const now = statSync(f)
    assert.equal(readFileSync(f, 'utf8'), 'whole', `${f} was written`)
    assert.deepEqual([now.uid, now.gid, now.mode], [was[n].uid, was[n].gid, was[n].mode], `${f} changed hands`)
  }
  assert.equal(statSync('/etc').uid, 0)
})

test("a flow cannot write in the log in Leat's name", async () => {
  await ask(`process.stdout.write('\\x1e' + JSON.stringify({ level: 20, id: 'leat', name: 'leat', text: 'forged line' }) + '\\n')`)
  const line = await until('the line', async () => (await leat.api('GET', `/instances/${mole.id}/logs?limit=200`)).items.find((l) => l.text === 'forged line'))
  assert.notEqual(line.source, 'leat')
})

test('a fork bomb and a flood of output stay inside', async () => {
  const spawned = await ask(`
    const kids = []
    let failed = 0
    for (let n = 0; n < 600; n++) {
      const c = require('child_process').spawn('sleep', ['30'], { stdio: 'ignore' })
      c.on('error', () => failed++)
      kids.push(c)
    }
    await new Promise((r) => setTimeout(r, 500))
    const made = kids.filter((c) => c.pid).length
    kids.forEach((c) => c.kill('SIGKILL'))
    return { made, failed }`)
  assert.ok(spawned.made > 10, 'control: some children may be made')
  assert.ok(spawned.failed > 300, `${spawned.made} children were made`)
  const size = () => readdirSync(path.join(leat.data, 'instances', mole.id, 'log')).reduce((n, f) => n + statSync(path.join(leat.data, 'instances', mole.id, 'log', f)).size, 0)
  const flood = ask(`const c = require('child_process').spawn('yes', ['x'.repeat(200)], { stdio: ['ignore', 'inherit', 'inherit'] }); await new Promise((r) => setTimeout(r, 4000)); c.kill('SIGKILL'); return 'done'`)
  const busy = () => {
    const f = readFileSync(`/proc/${nodeOf(mole).launcher.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(f[11]) + Number(f[12])) / 100
  }
  const before = busy()
  const times = []
  for (let done = false; !done; ) {
    const at = Date.now()
    const res = await visitor.ask('GET', leat.base + '/api/v1/user')
    assert.equal(res.status, 200)
    times.push(Date.now() - at)
    done = await Promise.race([flood.then(() => true), new Promise((r) => setTimeout(r, 100, false))])
  }
  assert.equal(await flood, 'done')
  assert.ok(busy() - before < 2, `the launcher worked for ${busy() - before} s of 4`)
  assert.ok(Math.max(...times) < 2000, `the platform answered in ${Math.max(...times)} ms during the flood`)
  assert.ok(size() < 12 << 20, `the log takes ${size()} bytes`)
  await until('the flow answers', async () => (await ask('return 1')) === 1)
  await until('the log says that it does not hold all', async () =>
    (await leat.api('GET', `/instances/${mole.id}/logs?limit=50&level=warn`)).items.some((l) => /left out/.test(l.text)))
})

test('nothing that a flow started outlives its instance', async () => {
  const pid = await ask(`const c = require('child_process').spawn('setsid', ['sleep', '36017'], { detached: true, stdio: 'ignore' }); c.unref(); await new Promise((r) => setTimeout(r, 300)); return c.pid`)
  const left = () => processes().filter((p) => p.line === 'sleep 36017')
  assert.equal(left().length, 1, `control: the child ${pid} runs`)
  // The launcher dies without a word, and the row goes while nobody looks.
  await leat.kill('SIGKILL')
  process.kill(nodeOf(mole).launcher.pid, 'SIGKILL')
  await until('Node-RED ends with its launcher', () => !launchersOf(leat.data).some((p) => processes().some((c) => c.pid === p && c.line.endsWith(mole.id))))
  await leat.spawn()
  await leat.api('DELETE', `/instances/${mole.id}`)
  await until('its directory is gone', () => !existsSync(path.join(leat.data, 'instances', mole.id)))
  await until('its children are gone', () => left().length === 0, 15_000)
})
