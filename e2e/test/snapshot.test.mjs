// Versions in a browser: deploy three times, look back, restore, export, and go on in another team with the same credentials.
import assert from 'node:assert/strict'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { editFunction, openEditor, pressDeploy } from '../lib/editor.mjs'
import { Leat, until } from '../lib/leat.mjs'
import { Meter, code, credentials, reader } from '../lib/meter.mjs'

const secret = 'four-ducks-on-a-weir-77'
const file = path.join(os.tmpdir(), `leat-e2e-${process.pid}.leat.json`)
let leat, browser, page, seen, team, application, other, instance, meter

before(async () => {
  leat = await Leat.start()
  meter = await Meter.start()
  ;({ team, application } = await leat.team())
  other = await leat.team('Sewage works')
  await leat.person('viewer-person', team, 'viewer')
  instance = await leat.instance(application, { name: 'Meter 1', flows: [] })
  await leat.api('PUT', `/instances/${instance.id}/flows`, { flows: meter.flows(), credentials })
  browser = await openBrowser()
  ;({ page, seen } = await openPage(browser, leat))
  await signIn(page, leat)
})

after(async () => {
  await browser?.close()
  await leat?.stop()
  await meter?.stop()
  rmSync(file, { force: true })
})

const at = (tab) => `${leat.base}/team/${team.slug}/instance/${instance.id}/${tab}`
const snapshots = async (id = instance.id) => (await leat.api('GET', `/instances/${id}/snapshots`)).items
const restore = async (name, more = async () => {}) => {
  const dialog = page.getByRole('dialog')
  await dialog.getByText(name).first().waitFor()
  await more(dialog)
  await dialog.getByRole('button', { name: 'Restore', exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

test('three deploys in the editor make three versions', async () => {
  assert.equal((await meter.hears('reading 0')).user, 'plant:rushing-weir-9', 'the flow signs in with its credentials')
  const frame = await openEditor(page, leat, team, instance)
  for (const n of [1, 2, 3]) {
    await editFunction(page, frame, reader, code(`reading ${n}`))
    await pressDeploy(frame)
    await meter.hears(`reading ${n}`)
  }
  await page.goto(at('history'))
  await page.locator('[data-kind=deploy]').nth(3).waitFor()
  const kinds = await page.locator('[data-kind]').evaluateAll((all) => all.map((e) => e.dataset.kind))
  assert.deepEqual(kinds.slice(0, 4), ['deploy', 'deploy', 'deploy', 'deploy'])
  await page.goto(at('snapshots'))
  await page.getByRole('link', { name: 'After a deploy' }).nth(3).waitFor()
  assertClean(seen)
})

test('a snapshot is made by hand, from the bar of the editor', async () => {
  await openEditor(page, leat, team, instance)
  await page.getByRole('button', { name: 'Snapshot', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('As it should run')
  await dialog.getByLabel('Description').fill('Agreed with the night shift.')
  await assertAccessible(page, 'the dialog of a new snapshot')
  await dialog.getByRole('button', { name: 'Make snapshot' }).click()
  await page.getByText('The snapshot As it should run is made.').waitFor()
  const made = (await snapshots()).find((s) => s.kind === 'manual')
  assert.equal(made.name, 'As it should run')
  assert.equal(made.author, 'admin')
  assertClean(seen)
})

test('a restore says what it changes, does it, and is undone', async () => {
  await page.goto(at('history'))
  const third = page.locator('[data-kind=deploy]').nth(2)
  await third.getByRole('button', { name: 'Go back to here' }).click()
  await restore('After a deploy', async (dialog) => {
    await dialog.getByText('0 added, 0 removed, 1 changed, 0 moved').waitFor()
    await dialog.getByText('safety snapshot').waitFor()
    assert.equal(await dialog.getByRole('checkbox').count(), 1, 'only what differs is offered')
    await assertAccessible(page, 'the dialog of a restore')
  })
  await meter.hears('reading 1')
  await page.getByRole('button', { name: 'Undo' }).click()
  await meter.hears('reading 3')
  await page.locator('[data-kind=restore]').nth(1).waitFor()
  assertClean(seen)
})

test('an export is sealed with a secret', async () => {
  const made = (await snapshots()).find((s) => s.kind === 'manual')
  await page.goto(`${leat.base}/team/${team.slug}/snapshot/${made.id}`)
  await page.getByRole('button', { name: 'Actions for As it should run' }).click()
  await page.getByRole('menuitem', { name: 'Export' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 node has some').waitFor()
  const go = dialog.getByRole('button', { name: 'Download file' })
  assert.ok(await go.isDisabled(), 'without a secret nothing leaves')
  await dialog.getByLabel('Secret', { exact: true }).fill('summer')
  await dialog.getByText('Too easy to guess').waitFor()
  await dialog.getByLabel('Secret', { exact: true }).fill(secret)
  await dialog.getByText('Strong').waitFor()
  await assertAccessible(page, 'the dialog of an export')
  const [download] = await Promise.all([page.waitForEvent('download'), go.click()])
  assert.equal(download.suggestedFilename(), 'As it should run.leat.json')
  await download.saveAs(file)
  const text = readFileSync(file, 'utf8')
  assert.ok(!text.includes('rushing-weir-9'), 'the password lies open in the file')
  assert.match(JSON.parse(text).flows.credentials.$, /^[0-9a-f]{32}/)
  assertClean(seen)
})

test('a wrong secret, a broken and a foreign file are told apart', async () => {
  await page.goto(`${leat.base}/team/${other.team.slug}/snapshots`)
  await page.getByRole('button', { name: 'Import' }).first().click()
  const dialog = page.getByRole('dialog')
  const input = dialog.locator('input[type=file]')
  const give = (name, text) => input.setInputFiles({ name, mimeType: 'application/json', buffer: Buffer.from(text) })
  await give('half.json', readFileSync(file, 'utf8').slice(0, 200))
  await dialog.getByText('This is not a JSON file, or it is cut off.').waitFor()
  await give('other.json', '{"hello": "world"}')
  await dialog.getByText('neither a snapshot nor flows').waitFor()
  await input.setInputFiles(file)
  await dialog.getByText('A snapshot of Leat with 4 nodes.').waitFor()
  await dialog.getByLabel('Secret', { exact: true }).fill('not the one')
  await dialog.getByRole('button', { name: 'Import snapshot' }).click()
  await dialog.getByText('This secret does not open the file.').waitFor()
  assert.equal((await leat.api('GET', `/teams/${other.team.id}/snapshots`)).items.length, 0, 'nothing was made')
  await assertAccessible(page, 'the dialog of an import with a fault')
  await dialog.getByLabel('Secret', { exact: true }).fill(secret)
  await dialog.getByRole('button', { name: 'Import snapshot' }).click()
  await page.waitForURL('**/snapshot/*')
  await page.getByRole('heading', { level: 1, name: 'As it should run' }).waitFor()
  assertClean(seen)
})

test('in the other team the credentials work in the real flow', async () => {
  await leat.api('POST', `/instances/${instance.id}/stop`)
  await leat.untilState(instance.id, 'stopped')
  await page.getByRole('link', { name: 'Content' }).click()
  await page.getByText('1 node has some').waitFor()
  await page.getByRole('button', { name: 'Actions for As it should run' }).click()
  await page.getByRole('menuitem', { name: 'New instance of this' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Meter 2')
  await dialog.getByRole('button', { name: 'Create the copy' }).click()
  await page.waitForURL(`**/team/${other.team.slug}/instance/*`)
  const heard = await meter.hears('reading 3')
  assert.equal(heard.user, 'plant:rushing-weir-9')
  const copy = (await leat.api('GET', `/teams/${other.team.id}/instances`)).items[0]
  assert.equal(copy.name, 'Meter 2')
  await leat.api('POST', `/instances/${copy.id}/stop`)
  await leat.untilState(copy.id, 'stopped')
  assertClean(seen)
})

test('a snapshot of FlowFuse comes with its credentials', async () => {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), iv)
  const sealed = iv.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64')
  const theirs = { name: 'From elsewhere', description: '', flows: { flows: meter.flows('reading 7'), credentials: { $: sealed } }, settings: { settings: {}, env: { LINE: '4' }, modules: {} } }
  writeFileSync(file, JSON.stringify(theirs))
  await page.goto(at('snapshots'))
  await page.getByRole('button', { name: 'Import' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('input[type=file]').setInputFiles(file)
  await dialog.getByText('A snapshot in FlowFuse’s form with 4 nodes.').waitFor()
  await dialog.getByLabel('Secret', { exact: true }).fill(secret)
  await dialog.getByRole('button', { name: 'Import snapshot' }).click()
  // On the page of an instance the next step is at hand.
  await restore('From elsewhere')
  await page.getByText('is restored to “From elsewhere”').waitFor()
  await leat.api('POST', `/instances/${instance.id}/start`)
  assert.equal((await meter.hears('reading 7')).user, 'plant:rushing-weir-9')
  assertClean(seen)
})

test('two are chosen and compared; one is renamed; one in use stays, another is deleted', async () => {
  await leat.api('POST', `/instances/${instance.id}/snapshots`, { name: 'Short-lived' })
  await leat.api('PUT', `/instances/${instance.id}/flows`, { flows: meter.flows('reading 8') })
  await page.goto(at('snapshots'))
  await page.getByRole('checkbox', { name: 'Select As it should run' }).first().check()
  await page.getByRole('checkbox', { name: 'Select Short-lived' }).check()
  await page.getByRole('button', { name: 'Compare these two' }).click()
  await page.waitForURL('**/compare?from=n-*&to=n-*')
  await page.getByRole('tab', { name: /Meter/ }).waitFor()
  await page.goto(at('snapshots') + '?kind=manual')
  const act = async (name, verb) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: verb }).click()
  }
  const dialog = page.getByRole('dialog')
  await act('As it should run', 'Rename or describe')
  await dialog.getByLabel('Name').fill('Agreed')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('link', { name: 'Agreed', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: 'As it should run' }).waitFor()
  const remove = async (name) => {
    await act(name, 'Delete')
    await dialog.getByText('Nobody can go back to it afterwards').waitFor()
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  }
  await remove('As it should run')
  await page.getByText('This snapshot cannot be deleted.').waitFor()
  await remove('Short-lived')
  await page.getByText('1 snapshot is deleted.').waitFor()
  await until('it is gone', async () => !(await snapshots()).some((s) => s.name === 'Short-lived'))
  assert.ok((await snapshots()).some((s) => s.name === 'As it should run'))
  assertClean(seen)
})

test('by keyboard alone a snapshot is made, opened and compared', async () => {
  const { keyboard } = page
  const tabTo = async (name) => {
    for (let n = 0; n < 80; n++) {
      await keyboard.press('Tab')
      if ((await page.evaluate(() => document.activeElement.textContent.trim())) === name) return
    }
    assert.fail(`${name} was not reached by Tab`)
  }
  await page.goto(at('snapshots'))
  await page.getByRole('link', { name: 'After a deploy' }).first().waitFor()
  await tabTo('New snapshot')
  await keyboard.press('Enter')
  await page.getByRole('dialog').getByLabel('Name').waitFor()
  await page.waitForFunction(() => document.activeElement.tagName === 'INPUT')
  await keyboard.type('Typed')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const link = page.getByRole('link', { name: 'Typed', exact: true })
  await link.waitFor()
  await tabTo('Typed')
  await keyboard.press('Enter')
  await page.waitForURL('**/snapshot/n-*')
  await page.getByRole('heading', { level: 1, name: 'Typed' }).waitFor()
  await tabTo('Compare with now')
  await keyboard.press('Enter')
  await page.getByRole('heading', { name: 'No difference' }).waitFor()
  assertClean(seen)
})

test('a viewer looks and changes nothing', async () => {
  const { page: view, context, seen: hers } = await openPage(browser, leat)
  await signIn(view, leat, 'viewer-person')
  await view.goto(at('snapshots'))
  await view.getByRole('link', { name: 'After a deploy' }).first().waitFor()
  for (const verb of ['New snapshot', 'Import']) assert.equal(await view.getByRole('button', { name: verb }).count(), 0, verb)
  await view.goto(at('history'))
  await view.getByRole('link', { name: 'Compare' }).first().waitFor()
  assert.equal(await view.getByRole('button', { name: 'Go back to here' }).count(), 0)
  assertClean(hers)
  await context.close()
})
