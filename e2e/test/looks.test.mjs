// Every page for everybody: axe in light and dark, 360 px wide, and by keyboard alone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage, signIn, stillness } from '../lib/browser.mjs'
import { editorIn } from '../lib/editor.mjs'
import { Leat, password } from '../lib/leat.mjs'

let leat, browser, team, application, instance, snapshot

before(async () => {
  leat = await Leat.start()
  ;({ team, application } = await leat.team())
  await leat.person('viewer-person', team, 'viewer')
  await leat.api('POST', `/teams/${team.id}/invitations`, { email: 'eve@example.com', role: 'member' })
  instance = await leat.instance(application, { name: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerk Linie 4', label: 'line-4', blueprint: 'first-flow' })
  const { version } = await leat.api('GET', `/instances/${instance.id}/environment`)
  await leat.api('PUT', `/instances/${instance.id}/environment`, { version, items: [{ name: 'LINE', value: '4', hidden: false }, { name: 'PIN', value: 'x', hidden: true }] })
  await leat.untilState(instance.id, 'running')
  snapshot = await leat.api('POST', `/instances/${instance.id}/snapshots`, { name: 'Sechzigzeichenlangerschnappschussname vor der Inbetriebnahme 12', description: 'Before the new pump' })
  const { flows } = await leat.api('GET', `/instances/${instance.id}/flows`)
  const work = flows.find((n) => n.type === 'function')
  await leat.api('PUT', `/instances/${instance.id}/flows`, { flows: flows.map((n) => (n === work ? { ...n, func: `${n.func}\n// changed`, x: n.x + 20 } : n)) })
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

/** Every page that a person can stand on, and what must be there before it is judged. */
function pages() {
  const t = `/team/${team.slug}`
  const i = `${t}/instance/${instance.id}`
  const named = (name) => (page) => page.getByRole('heading', { level: 1, name }).first().waitFor()
  return {
    [t]: (page) => page.getByRole('heading', { level: 1 }).first().waitFor(),
    [`${t}/applications`]: named('Applications'),
    [`${t}/application/${application.id}`]: named(application.name),
    [`${t}/instances`]: named('Instances'),
    [`${t}/instances?create=1`]: (page) => page.getByRole('dialog').getByText('First flow').waitFor(),
    [`${t}/dashboards`]: named('Dashboards'),
    [`${t}/members`]: named('Members'),
    [`${t}/members?create=1`]: (page) => page.getByRole('dialog').waitFor(),
    [`${t}/audit`]: named('Audit'),
    [`${t}/settings`]: named(/settings/i),
    [i]: named(instance.name),
    [`${i}/dashboard`]: (page) => page.locator('iframe').first().waitFor(),
    [`${i}/editor`]: (page) => editorIn(page, instance),
    [`${i}/logs`]: (page) => page.getByRole('log').getByText(/started|running/i).first().waitFor(),
    [`${i}/snapshots`]: (page) => page.getByRole('link', { name: snapshot.name }).waitFor(),
    [`${i}/snapshots?do=create`]: (page) => page.getByRole('dialog').waitFor(),
    [`${i}/snapshots?do=import`]: (page) => page.getByRole('dialog').waitFor(),
    [`${i}/history`]: (page) => page.locator('[data-kind=snapshot]').waitFor(),
    [`${i}/context`]: (page) => page.getByText(/Nothing is remembered|Whose context|Last written|Not written/).first().waitFor(),
    [`${i}/editor?drawer=history`]: (page) => page.locator('[data-kind=snapshot]').waitFor(),
    [`${i}/editor?drawer=compare`]: (page) => page.getByRole('button', { name: 'Hide moves' }).waitFor(),
    [`${t}/snapshots`]: (page) => page.getByRole('link', { name: snapshot.name }).waitFor(),
    [`${t}/application/${application.id}/snapshots`]: (page) => page.getByRole('link', { name: snapshot.name }).waitFor(),
    [`${t}/snapshot/${snapshot.id}`]: (page) => page.getByRole('img', { name: /Picture of the tab/ }).waitFor(),
    [`${t}/snapshot/${snapshot.id}?part=content`]: (page) => page.getByText('About this snapshot').waitFor(),
    [`${t}/compare`]: (page) => page.getByRole('heading', { name: 'Choose a version' }).waitFor(),
    [`${t}/compare?from=${snapshot.id}&to=${instance.id}`]: (page) => page.locator('[data-change]').first().waitFor(),
    [`${i}/environment`]: (page) => page.getByLabel('Value of LINE', { exact: true }).waitFor(),
    [`${i}/audit`]: (page) => page.getByText(/created the instance/i).first().waitFor(),
    [`${i}/settings`]: (page) => page.getByRole('button', { name: 'Delete instance' }).waitFor(),
    '/account': named('Your account'),
    '/account?tab=password': (page) => page.getByLabel('New password').waitFor(),
    '/account?tab=sessions': (page) => page.getByText('this browser').waitFor(),
    '/account?tab=tokens': (page) => page.getByRole('button', { name: 'New token' }).first().waitFor(),
    '/admin/users': named('Administration'),
    '/admin/audit': (page) => page.getByText(/created/i).first().waitFor(),
    '/team/create': named('New team'),
    '/nowhere': (page) => page.getByRole('heading', { name: 'There is no such page' }).waitFor(),
  }
}

async function everyPage(page, look) {
  const wrong = []
  for (const [path, ready] of Object.entries(pages())) {
    await page.goto(leat.base + path)
    await ready(page)
    await look(path).catch((e) => wrong.push(`${path}: ${e.message}`))
  }
  assert.deepEqual(wrong, [])
}

for (const colorScheme of ['light', 'dark']) {
  test(`axe finds nothing serious on any page, ${colorScheme}`, async () => {
    const { page, context, seen } = await openPage(browser, leat, { colorScheme, reducedMotion: 'reduce' })
    await page.goto(leat.base + '/sign-in')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await assertAccessible(page, 'sign in')
    await signIn(page, leat)
    // What pages are made of is the same in both; only colours differ.
    await everyPage(page, (path) => assertAccessible(page, path, colorScheme === 'dark' ? ['color-contrast'] : undefined))
    assertClean(seen)
    await context.close()
  })
}

test('no page scrolls sideways at 360 px', async () => {
  const { page, context, seen } = await openPage(browser, leat, { viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' })
  await signIn(page, leat)
  await everyPage(page, async () => {
    await stillness(page)
    const wide = await page.evaluate(() => {
      const main = document.querySelector('#main, main')
      return [document.scrollingElement, main].filter((e) => e && e.scrollWidth > e.clientWidth).map((e) => `${e.tagName} is ${e.scrollWidth} px wide in ${e.clientWidth}`)
    })
    assert.deepEqual(wide, [])
  })
  assertClean(seen)
  await context.close()
})

test('by keyboard alone: sign in, find the instance, read its logs', async () => {
  const { page, context, seen } = await openPage(browser, leat)
  const { keyboard } = page
  await page.goto(leat.base + '/sign-in')
  await page.getByLabel(/username/i).waitFor()
  await page.waitForFunction(() => document.activeElement?.tagName === 'INPUT')
  await keyboard.type('viewer-person')
  await keyboard.press('Tab')
  await keyboard.type(password)
  await keyboard.press('Enter')
  await page.waitForURL(`**/team/${team.slug}`)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await keyboard.press('Control+k')
  const box = page.getByPlaceholder(/find an instance/i)
  await box.waitFor()
  await page.waitForFunction((el) => document.activeElement === el, await box.elementHandle())
  await keyboard.type('donau')
  await page.getByRole('option', { name: /Donau/ }).first().waitFor()
  await keyboard.press('Enter')
  await page.waitForURL(`**/instance/${instance.id}`)
  await page.getByRole('link', { name: 'Logs', exact: true }).waitFor()
  const names = []
  for (let n = 0; n < 60; n++) {
    await keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const el = document.activeElement
      const style = getComputedStyle(el)
      return { name: el.textContent.trim(), tag: el.tagName, visible: style.outlineStyle !== 'none' || style.boxShadow !== 'none' }
    })
    names.push(at.name)
    if (at.tag !== 'A' || at.name !== 'Logs') continue
    assert.ok(at.visible, 'the focus can be seen')
    await keyboard.press('Enter')
    await page.waitForURL('**/logs')
    await page.getByRole('log').getByText(/started|running/i).first().waitFor()
    assertClean(seen)
    await context.close()
    return
  }
  assert.fail('Logs was not reached by Tab: ' + names.join(' | '))
})
