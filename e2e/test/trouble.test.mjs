// What goes wrong is said where people look, and the state before it is kept.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { editFunction, openEditor } from '../lib/editor.mjs'
import { freePort, Leat, until } from '../lib/leat.mjs'
import { Visitor } from '../lib/visitor.mjs'

let leat, browser, team, application, instance, visitor, disk, page, seen

const answering = (text, extra = {}) => [
  { id: 'tab1', type: 'tab', label: 'Answer' },
  { id: 'in1', type: 'http in', z: 'tab1', url: '/word', method: 'get', wires: [['fn1']], x: 120, y: 120 },
  { id: 'fn1', type: 'function', z: 'tab1', name: 'word', func: `msg.payload = '${text}'\nreturn msg`, outputs: 1, wires: [['out1']], x: 300, y: 120, ...extra },
  { id: 'out1', type: 'http response', z: 'tab1', wires: [], x: 480, y: 120 },
]

before(async () => {
  // A disk of its own, so that it can be filled.
  disk = mkdtempSync(path.join(os.tmpdir(), 'leat-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96m,mode=711', 'tmpfs', disk])
  // Nobody listens where the registry should be.
  leat = await Leat.start({ data: disk, env: { LEAT_NPM_REGISTRY: `http://127.0.0.1:${await freePort()}/` } })
  ;({ team, application } = await leat.team())
  instance = await leat.instance(application, { name: 'Word', flows: answering('first') })
  visitor = await Visitor.signedIn(leat)
  await visitor.openEditor(instance)
  browser = await openBrowser()
  ;({ page, seen } = await openPage(browser, leat))
  await signIn(page, leat)
})

after(async () => {
  await browser?.close()
  await leat?.stop()
  if (disk) {
    execFileSync('umount', ['--lazy', disk])
    rmSync(disk, { recursive: true, force: true })
  }
})

const api = (i = instance) => leat.api('GET', `/instances/${i.id}`)
const at = (i, tab = '') => `${leat.base}/team/${team.slug}/instance/${i.id}${tab}`
const word = async () => (await visitor.open(instance.url + '/word')).text
const stored = async () => (await leat.api('GET', `/instances/${instance.id}/flows`)).flows

test('a broken flow file is refused whole', async () => {
  assert.equal(await word(), 'first')
  const bodies = [
    '{"flows": [', '{}', '{"flows": 7}', '{"flows": {"a": 1}}', '{"flows": [1, 2]}', '{"flows": [{"type": "tab"}]}',
    '{"flows": [{"id": "a"}]}', '{"flows": null}',
  ]
  for (const body of bodies) {
    const res = await fetch(`${leat.loopback}/api/v1/instances/${instance.id}/flows`, {
      method: 'PUT', headers: { authorization: `Bearer ${leat.token}`, 'content-type': 'application/json' }, body,
    })
    const text = await res.text()
    assert.ok([400, 422].includes(res.status), `${body}: ${res.status} ${text}`)
    assert.ok(JSON.parse(text).detail.length > 10, text)
  }
  assert.deepEqual(await stored(), answering('first'))
  assert.equal(await word(), 'first')
})

test('a registry that cannot be reached is named, and the modules stay as they were', async () => {
  const before = await api()
  const res = await visitor.ask('POST', instance.editorUrl + '/.leat/editor/nodes', { module: 'node-red-node-random' })
  assert.ok(res.status >= 400, `${res.status} ${res.text}`)
  assert.match(res.text, /registry/i)
  const now = await api()
  assert.deepEqual(now.modules, before.modules)
  assert.equal(now.state, 'running')
  assert.equal(await word(), 'first')
})

test('a full disk refuses a deploy, keeps the editor and the flows, and passes', async () => {
  const editor = await openEditor(page, leat, team, instance)
  await editFunction(page, editor, 'fn1', "msg.payload = 'second'\nreturn msg")
  const ballast = path.join(disk, 'ballast')
  fill(ballast)
  await editor.locator('#red-ui-header-button-deploy').click()
  const notice = editor.locator('.red-ui-notification-error, .red-ui-notification', { hasText: /deploy failed/i }).first()
  await notice.waitFor()
  assert.match(await notice.innerText(), /full|space|disk/i)
  assert.equal(await editor.evaluate(() => window.RED.nodes.dirty()), true, 'the editor keeps the change')
  assert.equal(await word(), 'first')
  assert.deepEqual(await stored(), answering('first'))
  rmSync(ballast)
  await until('the same deploy goes through', async () => {
    await editor.locator('#red-ui-header-button-deploy').click()
    return (await stored()).find((n) => n.id === 'fn1').func.includes('second')
  })
  await until('and runs', async () => (await word()) === 'second')
  assertClean(seen)
})

/** Fills the disk to its last block. */
function fill(file) {
  const { bavail, bsize } = statfsSync(disk)
  const parts = [bavail * bsize, 1 << 16, 1 << 12]
  for (const [i, size] of parts.entries()) {
    try {
      writeFileSync(file, Buffer.alloc(size), { flag: i === 0 ? 'w' : 'a' })
    } catch (e) {
      if (e.code !== 'ENOSPC') throw e
    }
  }
}

test('a flow that hangs is noticed and said', async () => {
  const hung = await leat.instance(application, { name: 'Loop', flows: [
    { id: 't', type: 'tab', label: 'Loop' },
    { id: 'i', type: 'inject', z: 't', name: 'once', props: [{ p: 'payload' }], once: true, onceDelay: 2, payload: '', payloadType: 'date', repeat: '', x: 100, y: 100, wires: [['f']] },
    { id: 'f', type: 'function', z: 't', name: 'endless', func: 'for (;;) {}', outputs: 1, wires: [[]], x: 300, y: 100 },
  ] })
  await page.goto(at(hung))
  await page.getByText(/not answer|event loop|busy|hang|stuck/i).first().waitFor({ timeout: 60_000 })
  const seenState = await until('the state says it', async () => {
    const i = await api(hung)
    return i.state !== 'running' && i.reason && i
  })
  assert.ok(seenState.reason.length > 10, seenState.reason)
  await leat.api('DELETE', `/instances/${hung.id}`)
  assertClean(seen)
})

test('a flow that keeps crashing ends in safe mode, which the page explains', async () => {
  const made = await leat.api('POST', `/applications/${application.id}/instances`, { name: 'Crash', flows: [
    { id: 't', type: 'tab', label: 'Crash' },
    { id: 'f', type: 'function', z: 't', name: 'crashes', func: '', initialize: 'setTimeout(() => pr.exit(7), 50)', libs: [{ var: 'pr', module: 'process' }], outputs: 0, wires: [], x: 200, y: 100 },
  ] })
  await page.goto(at(made))
  await page.getByText('crash loop').first().waitFor({ timeout: 90_000 })
  await page.getByText('safe mode').first().waitFor({ timeout: 120_000 })
  const now = await leat.untilState(made.id, 'safe mode')
  await page.getByText(now.reason).first().waitFor()
  await page.getByText('no flow runs').first().waitFor()

  const editor = await openEditor(page, leat, team, made)
  await editFunction(page, editor, 'f', 'return msg')
  await editor.evaluate(() => {
    const n = window.RED.nodes.node('f')
    n.initialize = ''
    n.libs = []
    n.dirty = n.changed = true
    window.RED.nodes.dirty(true)
  })
  await editor.locator('#red-ui-header-button-deploy').click()
  await leat.untilState(made.id, 'running')
  assertClean(seen)
})
