// The end of a session: warned of, covered, and lifted again with nothing lost.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { editFunction, editorIn, isDirty, openEditor, pressDeploy } from '../lib/editor.mjs'
import { Leat, password, until } from '../lib/leat.mjs'
import { Visitor } from '../lib/visitor.mjs'

const warmth = 'e809d6fe52fe8c7c'
const idle = 16
let leat, browser, team, instance

before(async () => {
  leat = await Leat.start({ env: { LEAT_SESSION_IDLE: `${idle}s` } })
  const made = await leat.team()
  team = made.team
  await leat.person('ada', team, 'owner')
  instance = await leat.instance(made.application, { name: 'Boiler', blueprint: 'first-flow' })
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const at = (tab = '') => `${leat.base}/team/${team.slug}/instance/${instance.id}${tab}`
const cover = (page) => page.getByRole('dialog', { name: 'You were signed out' })

async function signInOnCover(page) {
  await cover(page).getByLabel('Password').fill(password)
  await cover(page).getByRole('button', { name: 'Sign in', exact: true }).click()
  await cover(page).waitFor({ state: 'detached' })
}

test('the end is announced, the page is covered, and signing in brings an unsaved form back', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  await page.goto(at('/settings'))
  await page.getByLabel('Name', { exact: true }).fill('Boiler, not saved yet')
  const warning = page.getByRole('alertdialog', { name: 'You will be signed out in' })
  await warning.waitFor({ timeout: (idle + 5) * 1000 })
  assert.match(await warning.innerText(), /0:0\d|\b\d+ ?s/, 'it counts down')
  await assertAccessible(page, 'the warning')
  await cover(page).waitFor({ timeout: (idle + 5) * 1000 })
  await assertAccessible(page, 'the cover')
  const under = await page.evaluate(() => {
    const hit = document.elementFromPoint(innerWidth / 2, innerHeight - 10)
    return { covered: !!hit?.closest('[role=dialog]'), inert: [...document.querySelectorAll('#main, main')].every((m) => m.closest('[inert], [aria-hidden=true]')) }
  })
  assert.deepEqual(under, { covered: true, inert: true }, 'what lies under it can be neither seen nor reached')
  await signInOnCover(page)
  assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Boiler, not saved yet')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Boiler, not saved yet' }).waitFor()
  assertClean(seen)
  await context.close()
})

test('staying signed in moves the end', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  const warning = page.getByRole('alertdialog', { name: 'You will be signed out in' })
  await warning.waitFor({ timeout: (idle + 5) * 1000 })
  await warning.getByRole('button', { name: 'Stay signed in' }).click()
  await warning.waitFor({ state: 'detached' })
  assert.equal(await cover(page).count(), 0)
  assertClean(seen)
  await context.close()
})

test('an open editor keeps its unsaved flow under the cover and deploys it afterwards', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  const frame = await openEditor(page, leat, team, instance)
  await editFunction(page, frame, warmth, 'msg.payload = 41.5\nreturn msg')
  assert.equal(await isDirty(frame), true)
  await cover(page).waitFor({ timeout: (idle * 2 + 10) * 1000 })
  const refused = await frame.evaluate(async () => (await fetch('flows', { headers: { 'Node-RED-API-Version': 'v2', accept: 'application/json' } })).status)
  assert.equal(refused, 401, 'the session is over for the editor too')
  await signInOnCover(page)
  assert.equal(await isDirty(await editorIn(page, instance)), true, 'the same editor, not loaded anew')
  await until('the editor has its new cookie', async () => {
    const status = await frame.evaluate(async () => (await fetch('flows', { headers: { 'Node-RED-API-Version': 'v2', accept: 'application/json' } })).status)
    return status === 200
  })
  await pressDeploy(frame)
  const { flows } = await leat.api('GET', `/instances/${instance.id}/flows`)
  assert.match(flows.find((n) => n.id === warmth).func, /41\.5/)
  assertClean(seen)
  await context.close()
})

test('requests that no person makes do not keep a session', async () => {
  const visitor = await Visitor.signedIn(leat, 'ada')
  const began = Date.now()
  await until('it ends although it asks all the time', async () => (await visitor.ask('GET', leat.base + '/api/v1/user')).status === 401, (idle + 6) * 1000)
  assert.ok(Date.now() - began > (idle - 2) * 1000)
})

test('sessions are listed and can be ended from another browser', async () => {
  const other = await Visitor.signedIn(leat, 'ada')
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  await page.goto(leat.base + '/account?tab=sessions')
  await page.getByText('this browser').waitFor()
  assert.equal((await other.ask('GET', leat.base + '/api/v1/user')).status, 200)
  await page.getByRole('button', { name: /^End the other/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^End the other/ }).click()
  await until('the other one is out', async () => (await other.ask('GET', leat.base + '/api/v1/user')).status === 401)
  assertClean(seen)
  await context.close()
})

test('a token works until it is revoked', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  await page.goto(leat.base + '/account?tab=tokens')
  await page.getByRole('button', { name: 'New token' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Backup script')
  await dialog.getByRole('button', { name: 'Create token' }).click()
  await dialog.getByText('It is shown only now').waitFor()
  const token = await until('the token', async () => (await dialog.innerText()).match(/leat_\w+|[\w-]{30,}/)?.[0])
  const ask = (method, path, body) => fetch(leat.loopback + '/api/v1' + path, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body })
  assert.equal((await ask('GET', '/user')).status, 200)
  assert.equal((await ask('POST', '/teams', '{"name":"Not mine"}')).status, 403, 'a token that reads changes nothing')
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByText('Backup script').waitFor()
  assert.ok(!(await page.content()).includes(token), 'shown once')
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await until('it is refused', async () => (await ask('GET', '/user')).status === 401)
  assertClean(seen)
  await context.close()
})

test('a new password ends the other sessions', async () => {
  const fresh = 'four quiet ducks on the weir 9'
  const other = await Visitor.signedIn(leat, 'ada')
  const { page, context, seen } = await openPage(browser, leat)
  await signIn(page, leat, 'ada')
  await page.goto(leat.base + '/account?tab=password')
  await page.getByLabel('Current password').fill(password)
  await page.getByLabel('New password').fill(fresh)
  await page.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('The password was changed').first().waitFor()
  assert.equal((await other.ask('GET', leat.base + '/api/v1/user')).status, 401)
  await page.reload()
  await page.getByRole('heading', { name: 'Your account' }).waitFor()
  assertClean(seen)
  await context.close()
})
