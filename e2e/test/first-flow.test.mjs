// The main job in a browser: an instance, a changed flow, Deploy, and a dashboard that moves.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { editFunction, editorIn, isDirty, openEditor, pressDeploy } from '../lib/editor.mjs'
import { Leat, until } from '../lib/leat.mjs'

/** The function of the blueprint "First flow". */
const warmth = 'e809d6fe52fe8c7c'
const name = 'Boiler 3'

let leat, browser, page, seen, team, instance

before(async () => {
  leat = await Leat.start()
  ;({ team } = await leat.team())
  browser = await openBrowser()
  ;({ page, seen } = await openPage(browser, leat))
  await signIn(page, leat)
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const at = (tab = '') => `${leat.base}/team/${team.slug}/instance/${instance.id}${tab}`
const api = () => leat.api('GET', `/instances/${instance.id}`)
const action = async (verb) => {
  await page.getByRole('button', { name: `Actions for ${(await api()).name}` }).click()
  await page.getByRole('menuitem', { name: verb, exact: true }).click()
}

/** What the page of the dashboard shows, inside its frame. */
async function dashboardText() {
  for (const f of page.frames()) {
    if (f.url().startsWith(instance.url)) return f.evaluate(() => document.body.innerText)
  }
  return ''
}

test('an application and an instance are made, with progress', async () => {
  await page.goto(`${leat.base}/team/${team.slug}/applications`)
  await page.getByRole('button', { name: 'New application' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill('Boiler house')
  await dialog.getByRole('button', { name: 'Create application' }).click()
  await page.waitForURL('**/application/*')
  await page.getByRole('button', { name: 'New instance' }).or(page.getByRole('link', { name: 'New instance' })).first().click()
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByText('boiler-3.leat.localhost').waitFor()
  await dialog.locator('label', { hasText: 'First flow' }).click()
  assert.ok(await dialog.getByRole('radio', { name: /First flow/ }).isChecked())
  await dialog.getByRole('button', { name: 'Create instance' }).click()
  await dialog.getByText('Created', { exact: true }).waitFor()
  const open = dialog.getByRole('button', { name: 'Open editor' })
  await open.and(page.locator(':enabled')).waitFor({ timeout: 60_000 })
  await open.click()
  await page.waitForURL('**/editor')
  instance = (await leat.api('GET', `/teams/${team.id}/instances`)).items.find((i) => i.name === name)
  assert.equal(instance.state, 'running')
  assertClean(seen)
})

test('a change in the real editor is deployed and the dashboard shows it', async () => {
  const frame = await editorIn(page, instance)
  assert.equal(await isDirty(frame), false)
  await editFunction(page, frame, warmth, 'msg.payload = 77.25\nnode.warn("warm " + msg.payload)\nreturn msg')
  assert.equal(await isDirty(frame), true)
  await pressDeploy(frame)
  const kept = (await leat.api('GET', `/instances/${instance.id}/flows`)).flows.find((n) => n.id === warmth)
  assert.match(kept.func, /77\.25/, 'what was confirmed is on the platform')
  await page.getByText(/Last deploy .* by admin/).waitFor()

  await page.goto(at('/dashboard'))
  await until('the dashboard shows the new value', async () => /77\.25|77\.3/.test(await dashboardText()))
  assertClean(seen)
})

test('the dashboard moves without being asked', async () => {
  const editor = await openEditor(page, leat, team, instance)
  await editFunction(page, editor, warmth, 'msg.payload = 10 + (context.get("n") || 0)\ncontext.set("n", msg.payload - 9)\nnode.warn("warm " + msg.payload)\nreturn msg')
  await pressDeploy(editor)
  await page.goto(at('/dashboard'))
  const first = await until('a value', async () => (await dashboardText()).match(/\b1\d(\.\d)?\b/) && dashboardText())
  await until('another value', async () => (await dashboardText()) !== first)
  assertClean(seen)
})

test('logs come live', async () => {
  await page.goto(at('/logs'))
  const log = page.getByRole('log', { name: 'Logs' })
  const last = async () => (await log.getByText(/warm \d+/).allInnerTexts()).at(-1)
  const first = await until('a line', last)
  await until('a newer line', async () => (await last()) !== first)
  assertClean(seen)
})

test('an environment variable is kept, a hidden one is never shown again, and flows read both', async () => {
  await page.goto(at('/environment'))
  const add = page.getByRole('button', { name: 'Add a variable' }).first()
  await add.click()
  await page.getByLabel('Name', { exact: true }).first().fill('LINE')
  await page.getByLabel('Value of LINE', { exact: true }).fill('North 4')
  await add.click()
  await page.getByLabel('Name', { exact: true }).nth(1).fill('PIN')
  await page.getByLabel('Value of PIN', { exact: true }).fill('s3cret-pin')
  await page.getByRole('switch', { name: 'Hide the value of PIN' }).click()
  const startedAt = (await api()).startedAt
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. The instance restarts with them.').first().waitFor()
  await until('it has restarted', async () => {
    const i = await api()
    return i.state === 'running' && i.startedAt !== startedAt
  })
  await page.reload()
  await page.getByLabel('Value of PIN', { exact: true }).waitFor()
  assert.equal(await page.getByLabel('Value of LINE', { exact: true }).inputValue(), 'North 4')
  assert.equal(await page.getByLabel('Value of PIN', { exact: true }).inputValue(), '')
  assert.ok(!(await page.content()).includes('s3cret-pin'))
  const answer = JSON.stringify(await leat.api('GET', `/instances/${instance.id}/environment`))
  assert.ok(answer.includes('North 4') && !answer.includes('s3cret-pin'), 'the hidden value came back')

  const { flows } = await leat.api('GET', `/instances/${instance.id}/flows`)
  flows.find((n) => n.id === warmth).func = 'node.warn(`line ${env.get("LINE")}, pin of ${(env.get("PIN") || "").length}`)\nreturn msg'
  await leat.api('PUT', `/instances/${instance.id}/flows`, { flows })
  await page.goto(at('/logs'))
  await page.getByText('line North 4, pin of 10').first().waitFor()
  assertClean(seen)
})

test('a module comes from the palette, its nodes appear, and it stays', async () => {
  const editor = await openEditor(page, leat, team, instance)
  await editor.evaluate(() => window.RED.actions.invoke('core:manage-palette'))
  const palette = editor.locator('#red-ui-palette-editor')
  await palette.getByText('Install', { exact: true }).click()
  await palette.locator('li:visible', { hasText: 'node-red-contrib' }).first().waitFor()
  // Its search hears keys, not values.
  await palette.locator('input[type=text]:visible').pressSequentially('node-red-node-random')
  const entry = palette.locator('li:visible', { hasText: 'node-red-node-random' })
  await entry.getByText('install', { exact: true }).click()
  await editor.locator('.red-ui-palette-module-install-confirm-button-install').click()
  await until('the node is in the palette', () => editor.evaluate(() => !!window.RED.nodes.getType('random')), 90_000)
  await until('the platform knows it', async () => (await api()).modules?.some((m) => m.name === 'node-red-node-random'))
  assertClean(seen)

  await page.goto(at())
  const startedAt = (await api()).startedAt
  await action('Restart')
  await until('it has restarted', async () => {
    const i = await api()
    return i.state === 'running' && i.startedAt !== startedAt
  })
  const again = await openEditor(page, leat, team, instance)
  assert.ok(await again.evaluate(() => !!window.RED.nodes.getType('random')), 'the module outlives a restart')
  assertClean(seen)
})

test('it is renamed, stopped, started and deleted by name', async () => {
  await page.goto(at('/settings'))
  await page.getByLabel('Name', { exact: true }).fill('Boiler three')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { level: 1, name: 'Boiler three' }).waitFor()
  const kept = await api()
  assert.equal(kept.name, 'Boiler three')
  assert.equal(kept.label, instance.label, 'its address stays')

  await page.goto(at())
  await action('Stop')
  await leat.untilState(instance.id, 'stopped')
  await page.getByText('stopped').first().waitFor()
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await leat.untilState(instance.id, 'running')
  await page.getByText('running').first().waitFor()

  await page.goto(at('/settings'))
  await page.getByRole('button', { name: 'Delete instance' }).click()
  const dialog = page.getByRole('dialog')
  const confirm = dialog.getByRole('button', { name: 'Delete instance' })
  await dialog.getByText('deleted for good').waitFor()
  await dialog.getByRole('textbox').fill('Boiler')
  assert.ok(await confirm.isDisabled(), 'half a name is no name')
  await dialog.getByRole('textbox').fill('Boiler three')
  await confirm.click()
  await page.waitForURL('**/application/*')
  await until('it is gone', async () => (await leat.api('GET', `/teams/${team.id}/instances`)).items.length === 0)
  assertClean(seen)
})
