// Who sees and does what, in a browser and past it, and how fast a change of role counts.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { editorIn, openEditor } from '../lib/editor.mjs'
import { Leat, until } from '../lib/leat.mjs'
import { Visitor } from '../lib/visitor.mjs'

let leat, browser, team, instance
const people = {}

before(async () => {
  leat = await Leat.start()
  const made = await leat.team()
  team = made.team
  for (const role of ['owner', 'member', 'viewer', 'dashboard']) await leat.person(role + '-person', team, role)
  await leat.person('stranger')
  const { items } = await leat.api('GET', `/teams/${team.id}/members`)
  for (const m of items) people[m.username] = m.user
  instance = await leat.instance(made.application, { name: 'Line 4', blueprint: 'machine-state' })
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const at = (tab = '') => `${leat.base}/team/${team.slug}/instance/${instance.id}${tab}`
const setRole = (username, role) => leat.api('PATCH', `/teams/${team.id}/members/${people[username]}`, { role })
const navigation = (page) => page.getByRole('navigation', { name: 'Pages', exact: true }).first()

async function as(username, options) {
  const opened = await openPage(browser, leat, options)
  await signIn(opened.page, leat, username)
  return opened
}

/** Deploys what is there already, as the editor of this browser would. */
function deployInside(frame) {
  return frame.evaluate(async () => {
    const headers = { 'Node-RED-API-Version': 'v2' }
    const now = await (await fetch('flows', { headers: { ...headers, accept: 'application/json' } })).json()
    const res = await fetch('flows', { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify({ flows: now.flows }) })
    return { status: res.status, text: await res.text() }
  })
}

test('an owner has every page', async () => {
  const { page, context, seen } = await as('owner-person')
  await page.goto(at())
  await page.getByRole('heading', { level: 1, name: 'Line 4' }).waitFor()
  for (const name of ['Members', 'Audit', 'Settings']) await navigation(page).getByRole('link', { name }).waitFor()
  await page.getByRole('link', { name: 'Environment' }).waitFor()
  await page.getByRole('button', { name: 'Actions for Line 4' }).click()
  await page.getByRole('menuitem', { name: 'Stop', exact: true }).waitFor()
  assertClean(seen)
  await context.close()
})

test('a member deploys', async () => {
  const { page, context, seen } = await as('member-person')
  const frame = await openEditor(page, leat, team, instance)
  assert.equal(await frame.evaluate(() => window.RED.user.hasPermission('flows.write')), true)
  const res = await deployInside(frame)
  assert.equal(res.status, 200, res.text)
  await page.getByText(/Last deploy .* by member-person/).waitFor()
  assertClean(seen)
  await context.close()
})

test('a viewer sees the flows and cannot change them', async () => {
  const { page, context, seen } = await as('viewer-person')
  const frame = await openEditor(page, leat, team, instance)
  await page.getByText('read-only', { exact: true }).waitFor()
  assert.ok((await frame.locator('.red-ui-flow-node').count()) > 0, 'the flow is drawn')
  assert.equal(await frame.evaluate(() => window.RED.user.hasPermission('flows.write')), false)
  const res = await deployInside(frame)
  assert.equal(res.status, 403, res.text)
  assert.match(res.text, /view|role|permission|may/i, 'the refusal says why')
  await page.goto(at())
  await page.getByRole('button', { name: 'Actions for Line 4' }).click()
  await page.getByRole('menuitem', { name: 'Editor', exact: true }).waitFor()
  assert.equal(await page.getByRole('menuitem', { name: 'Stop', exact: true }).count(), 0)
  assertClean(seen)
  await context.close()
})

test('the dashboard role lands on the dashboards and gets nothing else', async () => {
  const { page, context, seen } = await as('dashboard-person')
  await page.waitForURL('**/dashboards')
  for (const name of ['Instances', 'Applications', 'Members', 'Audit', 'Settings']) {
    assert.equal(await page.getByRole('link', { name, exact: true }).count(), 0, name)
  }
  await page.getByRole('link', { name: 'Line 4' }).first().click()
  await page.waitForURL('**/dashboard')
  await until('the dashboard', async () => {
    for (const f of page.frames()) {
      if (f.url().startsWith(instance.url) && (await f.evaluate(() => document.body.innerText)).match(/availability/i)) return true
    }
  })
  await page.goto(at('/editor'))
  await page.waitForURL('**/dashboards')
  assertClean(seen)
  await context.close()

  const visitor = await Visitor.signedIn(leat, 'dashboard-person')
  const editor = await visitor.open(instance.editorUrl + '/.leat/editor/')
  assert.ok([403, 404].includes(editor.status), `editor: ${editor.status}`)
  for (const path of [`/instances/${instance.id}`, `/instances/${instance.id}/flows`, `/instances/${instance.id}/logs`, `/teams/${team.id}/members`, `/teams/${team.id}/audit-events`]) {
    const res = await visitor.ask('GET', leat.base + '/api/v1' + path)
    assert.ok([403, 404].includes(res.status), `${path}: ${res.status}`)
  }
})

test('a stranger finds nothing', async () => {
  const { page, context, seen } = await as('stranger')
  await page.goto(at())
  await page.getByText('This team is not yours').waitFor()
  assertClean(seen)
  await context.close()
  const visitor = await Visitor.signedIn(leat, 'stranger')
  for (const path of [`/instances/${instance.id}`, `/teams/${team.id}`, `/teams/${team.slug}/instances`]) {
    const res = await visitor.ask('GET', leat.base + '/api/v1' + path)
    assert.equal(res.status, 404, `${path}: ${res.text}`)
  }
  for (const url of [instance.url + '/dashboard', instance.editorUrl + '/.leat/editor/']) {
    const res = await visitor.open(url)
    assert.ok([403, 404].includes(res.status), `${url}: ${res.status}`)
  }
})

test('a changed role counts at once in an open editor', async () => {
  const { page, context, seen } = await as('member-person')
  const sockets = []
  page.on('websocket', (s) => s.url().includes('/comms') && sockets.push(s))
  const frame = await openEditor(page, leat, team, instance)
  await until('the comms socket', () => sockets.length > 0)
  const first = sockets[0]
  const began = Date.now()
  await setRole('member-person', 'viewer')
  await until('the socket is closed', () => first.isClosed(), 5_000)
  const took = Date.now() - began
  assert.ok(took < 3_000, `${took} ms until the socket was closed`)
  assert.equal((await deployInside(frame)).status, 403)
  await page.getByText('read-only', { exact: true }).waitFor()

  await leat.api('DELETE', `/teams/${team.id}/members/${people['member-person']}`)
  await page.getByText('This team is not yours').waitFor()
  const res = await deployInside(frame).catch((e) => ({ status: 0, text: String(e) }))
  assert.notEqual(res.status, 200)
  assertClean(seen)
  await context.close()
})

test('signing out ends the editor too', async () => {
  const { page, context, seen } = await as('owner-person')
  await openEditor(page, leat, team, instance)
  const own = await context.newPage()
  const sockets = []
  own.on('websocket', (s) => s.url().includes('/comms') && sockets.push(s))
  await own.goto(instance.editorUrl + '/.leat/editor/')
  const frame = await editorIn(own, instance)
  await until('the comms socket', () => sockets.length > 0)
  await page.goto(at())
  await page.getByRole('button', { name: /account and settings/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL('**/sign-in')
  await until('the socket is closed', () => sockets[0].isClosed(), 5_000)
  assert.notEqual((await deployInside(frame).catch(() => ({ status: 0 }))).status, 200)
  await own.reload()
  await own.waitForURL((u) => u.pathname === '/sign-in')
  assertClean(seen)
  await context.close()
})
