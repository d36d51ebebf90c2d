// A real Chromium for a test, and what every test asks of a page.
import { chromium } from 'playwright-core'
import AxeBuilder from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { password } from './leat.mjs'

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
]

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
  context.on('request', (r) => {
    const u = new URL(r.url())
    const ours = u.hostname === 'leat.localhost' || u.hostname.endsWith('.leat.localhost') || u.hostname === '127.0.0.1'
    if (['http:', 'https:', 'ws:', 'wss:'].includes(u.protocol) && !(ours && u.port === String(leat.port))) seen.foreign.push(r.url())
  })
  page.on('pageerror', (e) => seen.errors.push(String(e)))
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) seen.errors.push(m.text())
  })
  return { context, page, seen }
}

export function assertClean(seen) {
  assert.deepEqual(seen.foreign, [], 'requests beyond the platform and its instances')
  assert.deepEqual(seen.errors, [], 'errors in the page')
}

export async function signIn(page, leat, username = 'admin') {
  await page.goto(leat.base + '/sign-in')
  await page.getByLabel(/username/i).fill(username)
  await page.getByLabel(/password/i).first().fill(password)
  await page.getByRole('button', { name: /^sign in$/i }).click()
  await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'))
}

/** Fails where axe finds something serious or critical. */
export async function assertAccessible(page, what) {
  const result = await new AxeBuilder({ page }).exclude('iframe').analyze()
  const bad = result.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  assert.deepEqual(bad, [], `axe on ${what}`)
}
