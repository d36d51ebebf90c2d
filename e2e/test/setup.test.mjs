// From the link in the server's log to a home of one's own, once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage } from '../lib/browser.mjs'
import { Leat, password } from '../lib/leat.mjs'

let leat, browser, link

before(async () => {
  leat = await Leat.start({ admin: false })
  link = await leat.setupLink()
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const secret = () => new URL(link).hash.slice(1)

test('before setup everything else is closed, and nothing shows the link', async () => {
  const html = { accept: 'text/html', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }
  for (const path of ['/', '/sign-in', '/team/x', '/api/docs', '/door/authorize?host=x', '/metrics']) {
    const res = await fetch(leat.loopback + path, { headers: { ...html, host: `leat.localhost:${leat.port}` }, redirect: 'manual' })
    const text = await res.text()
    assert.equal(res.status, 503, `${path}: ${res.status}`)
    assert.ok(!text.includes(secret()), `${path} shows the secret`)
  }
  for (const [method, path] of [['GET', '/api/v1/user'], ['GET', '/api/v1/teams'], ['POST', '/api/v1/session'], ['GET', '/api/v1/openapi.json'], ['POST', '/api/v1/users']]) {
    const res = await fetch(leat.loopback + path, { method, headers: { 'content-type': 'application/json', origin: leat.loopback }, body: method === 'POST' ? '{}' : undefined })
    const text = await res.text()
    assert.equal(res.status, 503, `${method} ${path}: ${res.status} ${text}`)
    assert.equal(JSON.parse(text).code, 'setup_needed')
    assert.ok(!text.includes(secret()), `${path} shows the secret`)
  }
})

test('the first page says where the link is, without it', async () => {
  const { page, context } = await openPage(browser, leat)
  const res = await page.goto(leat.base + '/')
  assert.equal(res.status(), 503)
  await page.getByRole('heading', { name: /not set up/i }).waitFor()
  assert.ok(!(await page.content()).includes(secret()))
  await assertAccessible(page, 'the page before setup')
  await context.close()
})

test('a wrong link creates nothing', async () => {
  const res = await fetch(leat.loopback + '/api/v1/setup', {
    method: 'POST', headers: { 'content-type': 'application/json', origin: leat.loopback },
    body: JSON.stringify({ secret: 'wrong-' + secret(), username: 'mallory', email: 'm@example.com', password }),
  })
  assert.ok([401, 403, 404].includes(res.status), String(res.status))
})

test('setup tells what is wrong, then leads to the first team', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Set Leat up' }).waitFor()
  await assertAccessible(page, 'setup')
  await page.getByLabel('Name', { exact: true }).fill('Ada Miller')
  await page.getByLabel('Username').fill('Not A Name!')
  await page.getByLabel('E-mail address').fill('ada@example.com')
  await page.getByLabel('Password').fill('password')
  await page.getByLabel('First team').fill('Waterworks North')
  const create = page.getByRole('button', { name: 'Create the administrator' })
  await create.click()
  const username = page.getByLabel('Username')
  await page.waitForFunction((el) => el.getAttribute('aria-invalid') === 'true', await username.elementHandle())
  await username.fill('ada')
  await create.click()
  const word = page.getByLabel('Password')
  await page.waitForFunction((el) => el.getAttribute('aria-invalid') === 'true', await word.elementHandle())
  await assertAccessible(page, 'setup with faults')
  await word.fill(password)
  await create.click()
  await page.waitForURL('**/team/waterworks-north')
  await page.getByRole('heading', { name: 'Start with an instance' }).waitFor()
  assertClean(seen)
  await context.close()
})

test('the link is useless afterwards', async () => {
  const res = await fetch(leat.loopback + '/api/v1/setup', {
    method: 'POST', headers: { 'content-type': 'application/json', origin: leat.loopback },
    body: JSON.stringify({ secret: secret(), username: 'mallory', email: 'm@example.com', password }),
  })
  assert.ok(res.status >= 400 && res.status < 500, String(res.status))
  const { page, context, seen } = await openPage(browser, leat)
  await page.goto(link)
  await page.waitForURL('**/sign-in')
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assertClean(seen)
  await context.close()
  const log = leat.log
  await leat.kill('SIGTERM')
  await leat.spawn()
  assert.ok(!/setup#/.test(leat.log), 'a platform that is set up prints no link')
  assert.ok(/setup#/.test(log))
})
