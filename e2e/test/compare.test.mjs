// The comparer in a browser: what differs is listed and drawn, and the address holds what is looked at.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage, signIn, stillness } from '../lib/browser.mjs'
import { Leat } from '../lib/leat.mjs'

const tab = 'b000000000000001'
const evil = '<img src=x onerror="window.hurt=1"><b>bold</b>'
let leat, browser, page, seen, team, application, instance, first, second

const node = (n, type, name, x, y, wires, more = {}) => ({ id: `b0000000000000${n}`, type, z: tab, name, x, y, wires, ...more })
const before1 = () => [
  { id: tab, type: 'tab', label: 'Line 4', disabled: false, info: '' },
  node('10', 'inject', 'Tick', 140, 80, [['b000000000000011']], { props: [], repeat: '', once: false }),
  node('11', 'function', 'Scale', 320, 80, [['b000000000000012']], { func: 'const k = 2\nmsg.payload *= k\nreturn msg', outputs: 1 }),
  node('12', 'debug', 'See', 500, 80, []),
  node('13', 'comment', 'Moves about', 160, 160, []),
  node('14', 'change', 'Leaves', 320, 160, [['b000000000000012']], { rules: [] }),
]
const after1 = () => {
  const flows = before1()
  const of = (n) => flows.find((x) => x.id === `b0000000000000${n}`)
  of('11').func = 'const k = 3\nmsg.payload *= k\nnode.log(k)\nreturn msg'
  of('13').x += 60
  flows.splice(flows.indexOf(of('14')), 1)
  flows.push(node('15', 'debug', evil, 500, 160, []))
  of('11').wires[0].push('b000000000000015')
  return flows
}
const deploy = (flows) => leat.api('PUT', `/instances/${instance.id}/flows`, { flows })
const keep = (name) => leat.api('POST', `/instances/${instance.id}/snapshots`, { name })

before(async () => {
  leat = await Leat.start()
  ;({ team, application } = await leat.team())
  instance = await leat.instance(application, { name: 'Line 4', flows: before1() })
  first = await keep('Before')
  await deploy(after1())
  second = await keep('After')
  browser = await openBrowser()
  ;({ page, seen } = await openPage(browser, leat))
  await signIn(page, leat)
})

after(async () => {
  await browser?.close()
  await leat?.stop()
})

const compare = (query = '') => `${leat.base}/team/${team.slug}/compare?from=${first.id}&to=${second.id}${query}`
const row = (id) => page.locator(`[data-change="b0000000000000${id}"]`)
const query = (name) => page.evaluate((n) => new URLSearchParams(location.search).get(n), name)
/** Whether anything of a colour is drawn on the canvas that is named. */
const painted = (name, [r, g, b]) =>
  page.getByRole('img', { name }).evaluate((canvas, [R, G, B]) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    for (let i = 0; i < data.length; i += 4) if (Math.abs(data[i] - R) + Math.abs(data[i + 1] - G) + Math.abs(data[i + 2] - B) < 12) return true
    return false
  }, [r, g, b])
const green = [21, 116, 59]
const red = [196, 35, 35]
const amber = [160, 80, 3]

test('each change is listed with its sign and word', async () => {
  await page.goto(compare())
  await row('11').waitFor()
  assert.match(await row('11').innerText(), /changed\s+Scale\s+function · Code \+2 −1, 1 wire/)
  assert.match(await row('13').innerText(), /moved\s+Moves about/)
  assert.match(await row('14').innerText(), /removed\s+Leaves/)
  assert.match(await row('15').innerText(), /added/)
  await page.getByText('1 added, 1 removed, 1 changed, 1 moved').waitFor()
  await assertAccessible(page, 'the comparer')
  assertClean(seen)
})

test('both versions are drawn, and what differs has its colour', async () => {
  await stillness(page)
  assert.ok(await painted(/before: Before/, red), 'what was removed is red before')
  assert.ok(!(await painted(/after: After/, red)), 'and is not there afterwards')
  assert.ok(await painted(/after: After/, green), 'what was added is green')
  assert.ok(await painted(/after: After/, amber), 'what changed is amber')
  await page.keyboard.press('o')
  await page.getByRole('img', { name: /before: Before/ }).waitFor({ state: 'detached' })
  await stillness(page)
  assert.ok((await painted(/after: After/, red)) && (await painted(/after: After/, green)), 'one over the other shows both')
  assert.equal(await query('layout'), 'over')
  await page.keyboard.press('o')
})

test('labels are text, whatever they say', async () => {
  await row('15').click()
  await page.getByRole('heading', { level: 3, name: '<img src=x' }).waitFor()
  assert.equal(await page.evaluate(() => window.hurt), undefined)
  assert.equal(await page.locator('#main b').count(), 0)
  assertClean(seen)
})

test('code is shown line by line, wires in words that lead on', async () => {
  await row('11').click()
  const detail = page.getByRole('region', { name: 'What changed in Scale' })
  const lines = await detail.getByRole('table').first().innerText()
  assert.match(lines, /−\s*removed\s*const k = 2/)
  assert.match(lines, /\+\s*added\s*const k = 3/)
  assert.match(lines, /\+\s*added\s*node\.log\(k\)/)
  await detail.getByText('Output 1 now leads to').waitFor()
  await detail.getByRole('button', { name: '<img src=x' }).click()
  assert.equal(await query('node'), 'b000000000000015')
})

test('the keys n and p walk through the changes, and a link shows what its sender saw', async () => {
  await page.goto(compare('&node=b000000000000011'))
  await page.getByRole('region', { name: 'What changed in Scale' }).waitFor()
  const order = await page.locator('[data-change]').evaluateAll((all) => all.map((e) => e.dataset.change))
  const at = order.indexOf('b000000000000011')
  await page.keyboard.press('n')
  await page.waitForFunction((id) => new URLSearchParams(location.search).get('node') === id, order[(at + 1) % order.length])
  await page.keyboard.press('p')
  await page.waitForFunction((id) => new URLSearchParams(location.search).get('node') === id, order[at])
  assertClean(seen)
})

test('moves are hidden on request, and changes are found by what is in them', async () => {
  await page.goto(compare())
  await row('13').waitFor()
  await page.getByRole('button', { name: 'Hide moves' }).click()
  await row('13').waitFor({ state: 'detached' })
  assert.equal(await query('moves'), 'hidden')
  await page.getByLabel('Find a change').fill('node.log')
  await row('14').waitFor({ state: 'detached' })
  assert.equal(await page.locator('[data-change]').count(), 1)
  await page.reload()
  await row('11').waitFor()
  assert.equal(await page.locator('[data-change]').count(), 1)
  assertClean(seen)
})

test('the other way around, and no difference at all', async () => {
  await page.goto(compare())
  await row('11').waitFor()
  await page.getByRole('button', { name: 'Swap the two versions' }).click()
  await page.waitForFunction((id) => new URLSearchParams(location.search).get('from') === id, second.id)
  await page.waitForFunction(() => /removed/.test(document.querySelector('[data-change="b000000000000015"]')?.textContent ?? ''))
  await page.goto(`${leat.base}/team/${team.slug}/compare?from=${second.id}&to=${instance.id}`)
  await page.getByRole('heading', { name: 'No difference' }).waitFor()
  assertClean(seen)
})

test('by keyboard the picture is moved and zoomed', async () => {
  await page.goto(compare())
  const picture = page.getByRole('img', { name: /after: After/ })
  await picture.focus()
  const shot = () => picture.evaluate((c) => c.toDataURL())
  await stillness(page)
  const still = await shot()
  await page.keyboard.press('+')
  await page.getByText('125 %').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.waitForFunction(([el, was]) => el.toDataURL() !== was, [await picture.elementHandle(), still])
  await page.keyboard.press('0')
  await page.getByText('100 %').waitFor()
})

test('a tab of 5,000 nodes is drawn', async (t) => {
  const many = (shift) => [
    { id: tab, type: 'tab', label: 'Plant', disabled: false, info: '' },
    ...Array.from({ length: 5000 }, (_, i) => ({ id: `c${String(i).padStart(15, '0')}`, type: 'change', z: tab, name: `Step ${i}`, rules: [], x: 120 + (i % 70) * 180, y: 60 + Math.floor(i / 70) * 60 + (i % 9 === 0 ? shift : 0), wires: i % 70 === 69 ? [[]] : [[`c${String(i + 1).padStart(15, '0')}`]] })),
  ]
  await deploy(many(0))
  const small = await keep('Many')
  await deploy(many(20))
  await page.goto(`${leat.base}/team/${team.slug}/compare?from=${small.id}&to=${instance.id}&layout=over`)
  const tabOf = page.getByRole('tab', { name: /Plant/ })
  await tabOf.waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: 'All of it (0)' }).click()
  // From the other layout to this one: both versions are laid out and drawn anew, to the last pixel.
  const took = await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    const start = performance.now()
    document.querySelector('[aria-label="Side by side"]').click()
    while (document.querySelectorAll('canvas').length < 2) await frame()
    await frame()
    return performance.now() - start
  })
  t.diagnostic(`both versions were drawn anew in ${Math.round(took)} ms (goal: 1,000 ms)`)
  assertClean(seen)
})
