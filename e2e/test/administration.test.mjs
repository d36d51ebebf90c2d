// Administration as an administrator does it: every page, with mail that arrives at a real server, and by keyboard.
import assert from 'node:assert/strict'
import net from 'node:net'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage, signIn } from '../lib/browser.mjs'
import { Leat, password, until } from '../lib/leat.mjs'
import { MailServer } from '../lib/mail.mjs'

let leat, browser, team, application, mail

before(async () => {
  leat = await Leat.start()
  ;({ team, application } = await leat.team())
  await leat.person('olga', team, 'owner')
  await leat.person('vera', team, 'viewer')
  mail = await MailServer.start()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await mail?.stop()
  await leat?.stop()
})

async function as(username) {
  const opened = await openPage(browser, leat)
  await signIn(opened.page, leat, username)
  return opened
}
const toast = (page, text) => page.getByText(text).first().waitFor()
const dialog = (page) => page.getByRole('dialog')

const pages = {
  '/admin': (page) => page.getByRole('heading', { name: 'Deploys a day' }).waitFor(),
  '/admin/users': (page) => page.getByText('vera@example.com').waitFor(),
  '/admin/users?create=1': (page) => dialog(page).getByLabel('Username').waitFor(),
  '/admin/teams': (page) => page.getByRole('button', { name: 'Waterworks', exact: true }).waitFor(),
  '/admin/team-types': (page) => page.getByRole('button', { name: 'Standard', exact: true }).waitFor(),
  '/admin/team-types?edit=new': (page) => dialog(page).getByLabel('Members').waitFor(),
  '/admin/instance-types': (page) => page.getByRole('button', { name: 'Small', exact: true }).waitFor(),
  '/admin/instance-types?edit=small': (page) => dialog(page).getByLabel('Memory (MiB)').waitFor(),
  '/admin/stacks': (page) => page.getByRole('button', { name: /^Node-RED 5/ }).first().waitFor(),
  '/admin/stacks?open=new': (page) => dialog(page).getByLabel('Node.js').waitFor(),
  '/admin/settings': (page) => page.getByLabel('Support contact').waitFor(),
  '/admin/mail': (page) => page.getByLabel('Host').waitFor(),
  '/admin/announcements': (page) => page.getByText('Nothing announced yet').waitFor(),
  '/admin/announcements?create=1': (page) => dialog(page).getByText(/Reaches \d/).waitFor(),
  '/admin/audit': (page) => page.getByText(/created/i).first().waitFor(),
}

test('every page of administration opens, and axe finds nothing serious', async () => {
  const { page, context, seen } = await as('admin')
  const wrong = []
  for (const [path, ready] of Object.entries(pages)) {
    await page.goto(leat.base + path)
    await ready(page)
    await assertAccessible(page, path).catch((e) => wrong.push(`${path}: ${e.message}`))
  }
  assert.deepEqual(wrong, [])
  assertClean(seen)
  await context.close()
})

test('who is no administrator sees none of it', async () => {
  const { page, context } = await as('olga')
  await page.getByRole('button', { name: /account and settings/ }).click()
  await page.getByRole('menuitem', { name: 'Your account' }).waitFor()
  assert.equal(await page.getByRole('menuitem', { name: 'Administration' }).count(), 0)
  await page.goto(leat.base + '/admin/users')
  await page.getByText(/may not|not allowed|administrator/i).first().waitFor()
  await context.close()
})

test('a limit is set, holds, and is lifted', async () => {
  const { page, context, seen } = await as('admin')
  await page.goto(leat.base + '/admin/team-types?edit=new')
  await dialog(page).getByLabel('Name').fill('Pilot')
  await dialog(page).getByLabel('Instances', { exact: true }).fill('0')
  await dialog(page).getByRole('button', { name: 'Create team type' }).click()
  await toast(page, 'Saved.')
  await page.goto(leat.base + '/admin/teams')
  await page.getByRole('button', { name: 'Waterworks', exact: true }).click()
  await dialog(page).getByRole('combobox').click()
  await page.getByRole('option', { name: 'Pilot' }).click()
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Saved.')
  await assert.rejects(leat.api('POST', `/applications/${application.id}/instances`, { name: 'One too many' }), /limit_reached/)
  await page.goto(`${leat.base}/team/${team.slug}/settings`)
  await page.getByText('0 of 0').waitFor()
  const standard = (await leat.api('GET', '/team-types')).items.find((x) => x.name === 'Standard')
  await leat.api('PATCH', `/admin/teams/${team.id}`, { type: standard.id })
  assertClean(seen)
  await context.close()
})

test('mail is set up, tried, and carries a forgotten password', async () => {
  const { page, context, seen } = await as('admin')
  await page.goto(leat.base + '/admin/mail')
  await page.getByLabel('Host').fill('127.0.0.1')
  await page.getByRole('radio', { name: 'None' }).click()
  await page.getByRole('spinbutton', { name: 'Port' }).fill(String(mail.port))
  await page.getByLabel('Address').fill('leat@example.com')
  await page.getByRole('button', { name: 'Send a test letter' }).click()
  await page.getByText('The mail server took the letter.').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Saved.')
  assertClean(seen)
  await context.close()

  const stranger = await openPage(browser, leat)
  await stranger.page.goto(leat.base + '/sign-in')
  await stranger.page.getByRole('link', { name: 'Forgot the password?' }).click()
  await stranger.page.getByLabel('Username or e-mail address').fill('vera')
  await stranger.page.getByRole('button', { name: 'Send the link' }).click()
  await stranger.page.getByText('Look into your mail').waitFor()
  const link = await until('the letter', () => mail.to('vera@example.com').map((l) => l.match(/https?:\/\/\S+\/password-reset#[\w-]+/)?.[0]).find(Boolean))
  await stranger.page.goto(link)
  await stranger.page.getByLabel('New password').fill('eleven quiet herons wading')
  await stranger.page.getByRole('button', { name: 'Set the password' }).click()
  await stranger.page.getByRole('button', { name: 'Sign in' }).waitFor()
  await stranger.page.getByLabel('Username or e-mail address').fill('vera')
  await stranger.page.getByLabel('Password').fill('eleven quiet herons wading')
  await stranger.page.getByRole('button', { name: 'Sign in' }).click()
  await stranger.page.getByRole('button', { name: /account and settings/ }).waitFor()
  await stranger.context.close()
})

test('a mail server that hangs is told apart from one that answers, and keeps nobody waiting', async () => {
  const silent = net.createServer(() => {})
  await new Promise((r) => silent.listen(0, '127.0.0.1', r))
  const { page, context } = await as('admin')
  await page.goto(leat.base + '/admin/mail')
  await page.getByRole('spinbutton', { name: 'Port' }).fill(String(silent.address().port))
  await page.getByRole('button', { name: 'Send a test letter' }).click()
  await page.getByText('The letter could not be sent.').waitFor({ timeout: 20_000 })
  await context.close()
  silent.close()
})

test('an announcement reaches the inbox and the page, and is put away', async () => {
  const reader = await as('olga')
  const { page, context, seen } = await as('admin')
  await page.goto(leat.base + '/admin/announcements?create=1')
  await dialog(page).getByLabel('Title').fill('Maintenance on Sunday')
  await dialog(page).getByRole('switch', { name: /Above every page/ }).click()
  await dialog(page).getByRole('button', { name: /^Announce to/ }).click()
  await toast(page, /^Announced to/)
  await reader.page.getByRole('complementary', { name: 'Announcement' }).getByText('Maintenance on Sunday').waitFor()
  await reader.page.getByRole('button', { name: /unread notification/ }).click()
  await dialog(reader.page).getByText('Maintenance on Sunday').waitFor()
  await dialog(reader.page).getByRole('button', { name: 'Mark all as read' }).click()
  await reader.page.getByRole('button', { name: 'Notifications', exact: true, includeHidden: true }).waitFor({ state: 'attached' })
  await reader.page.keyboard.press('Escape')
  await reader.page.getByRole('button', { name: 'Put away' }).click()
  await reader.page.getByRole('complementary', { name: 'Announcement' }).waitFor({ state: 'detached' })
  assertClean(seen)
  await context.close()
  await reader.context.close()
})

test('a suspended team says why, and starts nothing', async () => {
  const { page, context } = await as('admin')
  await page.goto(leat.base + '/admin/teams')
  await page.getByRole('button', { name: 'Actions for Waterworks' }).click()
  await page.getByRole('menuitem', { name: 'Suspend' }).click()
  await dialog(page).getByLabel('Reason').fill('The contract ended')
  await dialog(page).getByRole('button', { name: 'Suspend' }).click()
  await toast(page, /is suspended/)
  const reader = await as('olga')
  await reader.page.getByText('The contract ended').waitFor()
  await reader.context.close()
  await page.getByRole('button', { name: 'Actions for Waterworks' }).click()
  await page.getByRole('menuitem', { name: 'Resume' }).click()
  await toast(page, /may start its instances again/)
  await context.close()
})

test('a person is asked for a new password before anything else', async () => {
  await leat.person('carl', team, 'member')
  const { page, context } = await as('admin')
  await page.goto(leat.base + '/admin/users')
  await page.getByRole('button', { name: 'Actions for carl' }).click()
  await page.getByRole('menuitem', { name: 'Ask for a new password' }).click()
  await dialog(page).getByRole('button', { name: 'Ask for a new password' }).click()
  await toast(page, /chooses a new password/)
  await context.close()
  const other = await openPage(browser, leat)
  await other.page.goto(leat.base + '/sign-in')
  await other.page.getByLabel('Username or e-mail address').fill('carl')
  await other.page.getByLabel('Password').fill(password)
  await other.page.getByRole('button', { name: 'Sign in' }).click()
  await other.page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
  await other.page.getByLabel('Current password').fill(password)
  await other.page.getByLabel('New password').fill('nine patient otters swimming')
  await other.page.getByRole('button', { name: 'Change password' }).click()
  await other.page.getByRole('button', { name: /account and settings/ }).waitFor()
  await other.context.close()
})

test('by keyboard alone: search finds a page and a person, and a setting is changed', async () => {
  const { page, context, seen } = await as('admin')
  await page.getByRole('button', { name: /account and settings/ }).waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.type('Mail')
  await page.getByRole('option', { name: /^Mail/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.getByLabel('Host').waitFor()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').waitFor()
  await page.keyboard.type('vera')
  await page.getByRole('option', { name: /vera/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(/members|users/)
  await page.goto(leat.base + '/admin/settings')
  await page.getByLabel('Support contact').focus()
  await page.keyboard.type('ot-support@example.com')
  await page.keyboard.press('Enter')
  await toast(page, 'Saved.')
  assertClean(seen)
  await context.close()
  const stranger = await openPage(browser, leat)
  await stranger.page.goto(leat.base + '/sign-in')
  await stranger.page.getByText('ot-support@example.com').waitFor()
  await stranger.context.close()
})
