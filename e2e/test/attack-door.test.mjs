// The way in, tried from outside and from the pages of a flow. Each attempt has a
// control beside it that shows that it would work where it may.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openBrowser, openPage } from '../lib/browser.mjs'
import { Leat, password, until } from '../lib/leat.mjs'
import { answers, dig, moleFlows, raw, statusOf } from '../lib/mole.mjs'
import { Visitor } from '../lib/visitor.mjs'

let leat, team, application, mole, neighbour, visitor, browser

const comment = (id) => ({ id, type: 'comment', z: 'tab1', name: id, info: '', x: 100, y: 300, wires: [] })

before(async () => {
  leat = await Leat.start({ env: { LEAT_SESSION_IDLE: '1h', LEAT_PORTS_INSTANCES: 'off' } })
  ;({ team, application } = await leat.team())
  mole = await leat.instance(application, { name: 'Mole' })
  neighbour = await leat.instance(application, { name: 'Neighbour' })
  visitor = await Visitor.signedIn(leat)
  for (const i of [mole, neighbour]) {
    await until('the editor opens', () => visitor.openEditor(i))
    const res = await visitor.deploy(i, moleFlows([
      ...answers('page', '/page', '<!doctype html><title>Dashboard</title><p>of a flow</p>', { 'content-type': 'text/html' }),
      ...answers('toss', '/toss', 'tossed', {
        'content-type': 'text/html',
        'set-cookie': ['__Host-leat=planted; Secure; Path=/', 'leat=planted; Domain=leat.localhost; Path=/', '=__Host-leat=planted; Path=/', 'mine=1; Path=/'],
        'clear-site-data': '"cookies"', 'x-accel-redirect': '/etc/passwd',
      }),
    ]))
    assert.equal(res.status, 200, res.text)
    await visitor.open(i.url + '/page')
    await until('flow answers', async () => (await visitor.open(i.url + '/page')).text.includes('of a flow'))
  }
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const flowsOf = async (i) => (await leat.api('GET', `/instances/${i.id}/flows`)).flows
const host = (url) => new URL(url).host

/** A page of a flow, looked at by the administrator in a real browser. */
async function dashboard() {
  const { context, page } = await openPage(browser, leat)
  await page.goto(leat.base + '/healthz')
  const status = await page.evaluate(async (body) => (await fetch('/api/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status,
    JSON.stringify({ username: 'admin', password }))
  assert.equal(status, 200)
  await page.goto(mole.url + '/page')
  assert.equal(await page.title(), 'Dashboard')
  return { context, page }
}

test('a script of a dashboard deploys nothing and reads nothing, whoever looks at it', async () => {
  const { context, page } = await dashboard()
  const body = JSON.stringify({ flows: [...moleFlows(), comment('by-script')] })
  const headers = { 'content-type': 'application/json', 'node-red-api-version': 'v2' }
  const tries = [
    [mole.editorUrl + '/.leat/editor/flows', 'POST'], [neighbour.editorUrl + '/.leat/editor/flows', 'POST'],
    [mole.url + '/.leat/editor/flows', 'POST'], [mole.url + '/.LEAT/Editor/flows', 'POST'], [mole.url + '/x/..%2f.leat/editor/flows', 'POST'],
    [neighbour.url + '/run', 'POST'], [leat.base + `/api/v1/instances/${mole.id}/flows`, 'PUT'],
    [leat.base + '/api/v1/user', 'GET'], [mole.editorUrl + '/.leat/editor/flows', 'GET'], [leat.base + `/api/v1/user/tokens`, 'POST'],
  ]
  for (const mode of ['cors', 'no-cors']) {
    for (const [url, method] of tries) {
      const got = await page.evaluate(async ([url, init]) => {
        try {
          const r = await fetch(url, init)
          return { status: r.status, text: r.type === 'opaque' ? '' : await r.text() }
        } catch (e) {
          return { failed: String(e) }
        }
      }, [url, { method, mode, credentials: 'include', ...(method === 'GET' ? {} : { body }), ...(mode === 'cors' ? { headers: method === 'GET' ? {} : headers } : {}) }])
      assert.ok(got.failed || got.status === 0 || got.status >= 400, `${mode} ${method} ${url}: ${JSON.stringify(got)}`)
    }
  }
  for (const i of [mole, neighbour]) assert.ok(!(await flowsOf(i)).some((n) => n.id === 'by-script'))
  const forms = await page.evaluate(async ([url]) => {
    const frame = document.createElement('iframe')
    frame.name = 'sink'
    document.body.append(frame)
    const form = Object.assign(document.createElement('form'), { method: 'POST', action: url, target: 'sink', enctype: 'text/plain' })
    form.append(Object.assign(document.createElement('input'), { name: '{"flows":[],"x":"', value: '"}' }))
    document.body.append(form)
    const loaded = new Promise((r) => frame.addEventListener('load', r, { once: true }))
    form.submit()
    await loaded
    try { return frame.contentDocument?.body?.innerText ?? 'closed' } catch (e) { return 'closed' }
  }, [mole.editorUrl + '/.leat/editor/flows'])
  assert.equal(forms, 'closed')
  assert.ok((await flowsOf(mole)).length > 1, 'a form emptied the flows')

  // The control: the same call from the editor's own page deploys.
  await page.goto(mole.editorUrl + '/.leat/editor/')
  const own = await page.evaluate(async ([body, headers]) => (await fetch('/.leat/editor/flows', { method: 'POST', headers, body })).status, [
    JSON.stringify({ flows: [...(await visitor.flows(mole)), comment('by-editor')] }), headers,
  ])
  assert.equal(own, 200)
  assert.ok((await flowsOf(mole)).some((n) => n.id === 'by-editor'))
  const [last] = (await leat.api('GET', `/instances/${mole.id}/audit-events?event=flows.deploy`)).items
  assert.equal(last.actor.username, 'admin')
  await context.close()
})

test("a script opens no socket and no frame of the editor's, its own or another's", async () => {
  const { context, page } = await dashboard()
  const open = (url) => page.evaluate((url) => new Promise((done) => {
    const ws = new WebSocket(url)
    ws.onopen = () => { ws.close(); done('open') }
    ws.onerror = () => done('refused')
  }), url.replace('http:', 'ws:'))
  for (const i of [mole, neighbour]) {
    assert.equal(await open(i.editorUrl + '/.leat/editor/comms'), 'refused')
    assert.equal(await open(i.url + '/.leat/editor/comms'), 'refused')
  }
  assert.equal(await open(leat.base + '/api/v1/events'), 'refused')
  const frame = (url) => page.evaluate((url) => new Promise((done) => {
    const f = document.createElement('iframe')
    f.onload = () => { try { done(f.contentDocument ? 'readable: ' + f.contentDocument.title : 'closed') } catch { done('closed') } }
    f.src = url
    document.body.append(f)
  }), url)
  assert.equal(await frame(mole.url + '/page'), 'readable: Dashboard', 'control')
  for (const url of [mole.editorUrl + '/.leat/editor/', neighbour.editorUrl + '/.leat/editor/', leat.base + '/', leat.base + '/sign-in']) {
    assert.equal(await frame(url), 'closed', url)
  }
  const [own, ...others] = page.frames().slice(1).map((f) => f.url())
  assert.equal(own, mole.url + '/page', 'control')
  assert.deepEqual(new Set(others), new Set(['chrome-error://chromewebdata/']), 'a page was framed')
  await page.goto(mole.editorUrl + '/.leat/editor/')
  assert.equal(await open(mole.editorUrl + '/.leat/editor/comms'), 'open', 'control')
  await context.close()
})

test('tossed cookies change nobody and lock nobody out', async () => {
  const { context, page } = await dashboard()
  await page.goto(mole.url + '/toss')
  await page.evaluate(() => {
    for (const c of ['__Host-leat=evil; Secure; Path=/; Domain=leat.localhost', 'leat=evil; Domain=leat.localhost; Path=/', '__Host-leat-door=evil; Secure; Path=/', 'leat-door=evil; Domain=leat.localhost; Path=/', '=__Host-leat=evil; Domain=leat.localhost; Path=/']) document.cookie = c
  })
  const kept = await context.cookies(mole.url)
  assert.ok(kept.some((c) => c.name === 'mine'), "control: a flow's own cookie is kept")
  assert.ok(!(await context.cookies(leat.base)).some((c) => c.value.includes('planted')), 'a cookie of the flow reached the platform')
  const who = await page.goto(leat.base + '/api/v1/user')
  assert.equal(who.status(), 200, await who.text())
  assert.equal(JSON.parse(await who.text()).username, 'admin')
  const again = await page.goto(mole.editorUrl + '/.leat/editor/')
  assert.equal(again.status(), 200)
  await context.close()

  const res = await visitor.open(mole.url + '/toss')
  assert.deepEqual(res.headers['set-cookie'], ['mine=1; Path=/'])
  assert.equal(res.headers['clear-site-data'], undefined)
  assert.equal(res.headers['x-accel-redirect'], undefined)
})

test("a cookie of the door is good at its own place, while its session lasts", async () => {
  const v = await Visitor.signedIn(leat)
  await v.openEditor(mole)
  await v.open(mole.url + '/page')
  const cookie = (url) => [...v.jar(host(url))].map(([k, x]) => `${k}=${x}`).join('; ')
  const get = (url, c) => new Visitor(leat).ask('GET', url, undefined, { cookie: c })
  const flowsAt = (i) => i.editorUrl + '/.leat/editor/flows'
  assert.equal((await get(flowsAt(mole), cookie(mole.editorUrl))).status, 200, 'control')
  assert.equal((await get(mole.url + '/page', cookie(mole.url))).status, 200, 'control')
  const session = cookie(leat.base)
  for (const [what, url, c] of [
    ["the flows' at the editor", flowsAt(mole), cookie(mole.url)], ["the editor's at the flows", mole.url + '/page', cookie(mole.editorUrl)],
    ["the mole's at the neighbour", flowsAt(neighbour), cookie(mole.editorUrl)], ["the mole's at the neighbour's flows", neighbour.url + '/page', cookie(mole.url)],
    ["the platform's at the editor", flowsAt(mole), session], ["the door's at the platform", leat.base + '/api/v1/user', cookie(mole.editorUrl)],
    ['twice', flowsAt(mole), cookie(mole.editorUrl) + '; ' + cookie(mole.editorUrl)],
  ]) assert.equal((await get(url, c)).status, 401, what)
  const was = cookie(mole.editorUrl)
  assert.equal((await v.ask('DELETE', leat.base + '/api/v1/session')).status, 204)
  assert.equal((await get(flowsAt(mole), was)).status, 401, 'it outlived its session')
})

test("an instance that gets another's label gets none of its visitors' cookies", async () => {
  const first = await leat.instance(application, { name: 'Label' })
  const v = await Visitor.signedIn(leat)
  await v.openEditor(first)
  await leat.api('DELETE', `/instances/${first.id}`)
  const second = await leat.instance(application, { name: 'Label' })
  assert.equal(second.editorUrl, first.editorUrl)
  assert.equal((await v.ask('GET', second.editorUrl + '/.leat/editor/flows')).status, 401)
  await v.openEditor(second)
  assert.equal((await v.ask('GET', second.editorUrl + '/.leat/editor/flows')).status, 200, 'control')
})

test('a viewer looks and changes nothing, and the dashboard role does not look', async () => {
  await leat.person('vera', team, 'viewer')
  await leat.person('dora', team, 'dashboard')
  const vera = await Visitor.signedIn(leat, 'vera')
  const root = await vera.openEditor(mole)
  assert.equal((await vera.ask('GET', root + '/flows')).status, 200, 'control')
  const before = JSON.stringify(await flowsOf(mole))
  for (const [method, at] of [
    ['POST', '/flows'], ['POST', '/FLOWS/'], ['POST', '/flow'], ['PUT', '/flow/tab1'], ['DELETE', '/flow/tab1'], ['POST', '/inject/run1'],
    ['POST', '/settings/user'], ['POST', '/nodes'], ['PUT', '/nodes/node-red'], ['DELETE', '/context/global/x'], ['POST', '/library/local/flows/x'],
    ['POST', '/auth/revoke'], ['POST', '/auth/token'], ['PATCH', '/dashboard/api/v1/x/flows'], ['POST', '/debug/run1/enable'], ['PROPFIND', '/flows'],
  ]) {
    const res = await vera.ask(method, root + at, '{"flows":[]}')
    assert.equal(res.status, 403, `${method} ${at}: ${res.status}`)
    const over = await vera.ask('GET', root + at, undefined, { 'x-http-method-override': method })
    assert.ok(over.status < 500, `${at}: ${over.status}`)
  }
  assert.equal(JSON.stringify(await flowsOf(mole)), before)
  const cookie = [...vera.jar(host(mole.editorUrl))].map(([k, v]) => `${k}=${v}`).join('; ')
  const upgrade = (at, origin) => raw(leat.port, `GET ${at} HTTP/1.1\r\nHost: ${host(mole.editorUrl)}\r\nOrigin: ${origin}\r\nCookie: ${cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`).then(statusOf)
  assert.equal(await upgrade('/.leat/editor/comms', mole.editorUrl), 101, 'control')
  assert.equal(await upgrade('/.leat/editor/shell', mole.editorUrl), 403)
  for (const origin of [mole.url, neighbour.editorUrl, leat.base, 'null', mole.editorUrl + '.evil']) assert.equal(await upgrade('/.leat/editor/comms', origin), 403, origin)

  const dora = await Visitor.signedIn(leat, 'dora')
  assert.equal((await dora.open(mole.url + '/page')).status, 200, 'control')
  assert.equal((await dora.open(mole.editorUrl + '/.leat/editor/')).status, 403)
  for (const at of ['/.leat/editor/flows', '/.leat/editor/settings', '/.leat/editor/resources/../flows', '/.leat/editor/resources/%2e%2e/flows']) {
    assert.equal((await dora.ask('GET', mole.url + at)).status, 404, at)
  }
  const refused = await until('the refusal is in the audit log', async () =>
    (await leat.api('GET', `/teams/${team.id}/audit-events?event=instance.open`)).items.find((e) => e.actor.username === 'dora'))
  assert.equal(refused.result, 'refused')
})

test('no spelling of an address leads past the rules', async () => {
  const cookie = (url) => [...visitor.jar(host(url))].map(([k, v]) => `${k}=${v}`).join('; ')
  const send = (url, line, headers = '') => raw(leat.port, `${line} HTTP/1.1\r\nHost: ${host(url)}\r\nCookie: ${cookie(url)}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n${headers}\r\n`)
  await visitor.open(mole.url + '/page')
  await visitor.openEditor(mole)
  assert.match(await send(mole.editorUrl, 'GET /.leat/editor/flows'), /"run1"/, 'control')
  for (const at of [
    '/.leat/editor/flows', '/.LEAT/EDITOR/FLOWS', '//.leat/editor/flows', '/.leat//editor/flows', '/./.leat/editor/flows', '/a/../.leat/editor/flows',
    '/%2eleat/editor/flows', '/.leat%2feditor/flows', '/.leat/%65ditor/flows', '/.leat/editor%2fflows', '/.leat/editor/resources/../flows', '/.leat/editor/resources/..%2fflows',
    '/.leat/editor/resources/..;/flows', '/.leat\\editor\\flows', '/%5c.leat/editor/flows', '/.leat/editor/resources/%2e%2e%2fflows', '/.leat./editor/flows', '/.leat/editor/../editor/flows',
    '/x?/../.leat/editor/flows', '/x#/../.leat/editor/flows', '/page;/../.leat/editor/flows', mole.editorUrl.replace('-editor', '') + '/.leat/editor/flows',
    '/%252eleat/editor/flows', '/.leat/editor/comms/../flows', '/.leat/editor/resources/%00/../../flows', '*', 'x/.leat/editor/flows',
  ]) {
    for (const method of ['GET', 'OPTIONS', 'TRACE', 'CONNECT']) {
      const got = await send(mole.url, `${method} ${at}`)
      assert.ok(!got.includes('"run1"') && !got.includes('the-door'), `${method} ${at}: ${got.slice(0, 300)}`)
      if (method !== 'OPTIONS') assert.ok(statusOf(got) >= 400, `${method} ${at}: ${statusOf(got)}`)
    }
  }
  for (const bad of ['Host: a\r\nHost: b\r\n', 'X-Leat-Key : x\r\n', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', 'Content-Length: 1\r\nContent-Length: 2\r\n']) {
    assert.ok([400, 501].includes(statusOf(await send(mole.url, 'POST /run', bad))), bad)
  }
  const two = await send(mole.url, 'POST /page', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /page HTTP/1.1\r\nHost: x\r\n')
  assert.equal(two.match(/HTTP\/1\.1 \d/g).length, 1, 'one request was taken for two')
  for (const name of ['evil.example', 'mole.leat.localhost.evil.example', 'mole.leat.localhost:1', `mole.leat.localhost.:${leat.port}`, `x.mole.leat.localhost:${leat.port}`, `leat.localhost@mole.leat.localhost:${leat.port}`]) {
    const got = await raw(leat.port, `GET /page HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`)
    assert.ok([400, 421].includes(statusOf(got)), `${name}: ${statusOf(got)}`)
  }
})

test("a flow sees none of what only the door and the platform may see", async () => {
  const seen = await (async () => {
    const res = await visitor.ask('POST', mole.url + '/run', { code: 'return { headers: msg.req.headers, raw: msg.req.rawHeaders }' }, {
      'x-leat-user': 'forged', 'X-LEAT-KEY': 'forged', 'x-leat-other': 'forged', 'x-forwarded-for': '203.0.113.9', connection: 'X-Leat-User, keep-alive',
    })
    return res.json()
  })()
  assert.ok(!JSON.stringify(seen).includes('forged'))
  assert.ok(!JSON.stringify(seen).includes('203.0.113.9'))
  assert.equal(seen.headers.cookie, 'mine=1', "control: the flow's own cookie, and none of ours")
  assert.equal(JSON.parse(Buffer.from(seen.headers['x-leat-user'], 'base64url')).username, 'admin')
  assert.equal(await dig(visitor, mole, 'return 1'), 1)
})

test('a deploy in disguise does not pass', async () => {
  const flows = { flows: [...(await visitor.flows(mole)), comment('disguised')] }
  const url = mole.editorUrl + '/.leat/editor'
  const v2 = { 'node-red-api-version': 'v2' }
  assert.equal((await visitor.ask('POST', url + '/flow', { label: 'x', nodes: [] })).status, 403)
  assert.equal((await visitor.ask('POST', url + '/flows', flows, { ...v2, 'content-encoding': 'gzip' })).status, 415)
  assert.equal((await visitor.ask('POST', url + '/flows', flows, { ...v2, 'content-type': 'application/json; charset=utf-16' })).status, 415)
  assert.ok(!(await flowsOf(mole)).some((n) => n.id === 'disguised'))
  assert.equal((await visitor.ask('POST', url + '/FlowS/', flows, v2)).status, 200)
  const [last] = (await leat.api('GET', `/instances/${mole.id}/audit-events?event=flows.deploy`)).items
  assert.equal(last.actor.username, 'admin', 'whoever deploys is named, however the address is written')
})
