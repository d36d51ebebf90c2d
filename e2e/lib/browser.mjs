// A real Chromium for a test, and what every test asks of a page.
import { chromium } from 'playwright-core'
import AxeBuilder from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { password } from './leat.mjs'

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

/** Chromium with nothing of its own on the network. */
export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args })
}

/**
 * A page in a context of its own that notes each request beyond the platform
 * and its instances, each error of a script, and each refusal by the CSP.
 */
export async function openPage(browser, leat, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const seen = { foreign: [], errors: [] }
  context.on('request', (request) => {
    if (!ownAddress(new URL(request.url()), leat)) seen.foreign.push(request.url())
  })
  page.on('websocket', (socket) => {
    if (!ownAddress(new URL(socket.url()), leat)) seen.foreign.push(socket.url())
  })
  page.on('pageerror', (e) => {
    // Monaco's own race at the closing of a dialog; its files are Node-RED's, not ours.
    if (!/\/\.leat\/editor\/vendor\//.test(e.stack ?? '')) seen.errors.push(String(e))
  })
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) seen.errors.push(m.text())
  })
  return { context, page, seen }
}

/** Whether an address is the platform's or one of its instances', or leaves the page at all. */
function ownAddress(u, leat) {
  if (!['http:', 'https:', 'ws:', 'wss:'].includes(u.protocol)) return true
  const ours = u.hostname === 'leat.localhost' || u.hostname.endsWith('.leat.localhost') || u.hostname === '127.0.0.1'
  return ours && u.port === String(leat.port)
}

/** No request went elsewhere, no script failed and the CSP refused nothing. */
export function assertClean(seen) {
  assert.deepEqual(seen.foreign, [], 'requests beyond the platform and its instances')
  assert.deepEqual(seen.errors, [], 'errors in the page')
}

/** Signs in as a person does and waits for the page behind. */
export async function signIn(page, leat, username = 'admin') {
  await page.goto(leat.base + '/sign-in')
  await page.getByLabel(/username/i).fill(username)
  await page.getByLabel(/password/i).first().fill(password)
  await page.getByRole('button', { name: /^sign in$/i }).click()
  await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'))
}

/** Fails where axe finds something serious or critical; rules asks for a few of its rules only. */
export async function assertAccessible(page, what, rules) {
  await stillness(page)
  const axe = new AxeBuilder({ page }).exclude('iframe')
  const result = await (rules ? axe.withRules(rules) : axe).analyze()
  const bad = result.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  assert.deepEqual(bad, [], `axe on ${what}`)
}

/** Waits until nothing fades or moves any more; what turns for ever may go on. */
export async function stillness(page) {
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity))
}
