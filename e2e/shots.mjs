// Takes the pictures of README.md and docs/ from a demo plant in a folder of its
// own. `make pictures` runs it; look at each picture before committing it.
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { openBrowser } from './lib/browser.mjs'
import { binary, freePort, launchersOf, root, runtime, until } from './lib/leat.mjs'

const folder = path.join(root, 'docs/picture')
const size = { width: 1280, height: 800 }
/** A picture must not weigh more, in bytes. */
const most = 250_000

const free = (port) =>
  new Promise((tell) => {
    const s = net.createServer().on('error', () => tell(false)).listen(port, '127.0.0.1', () => s.close(() => tell(true)))
  })

/** The demo plant, running until it is stopped. */
class Plant {
  static async start() {
    const p = new Plant()
    p.dir = mkdtempSync(path.join(os.tmpdir(), 'leat-shots-'))
    chmodSync(p.dir, 0o711) // an instance's own user passes through
    p.base = `http://leat.localhost:${(p.port = (await free(8080)) ? 8080 : await freePort())}`
    p.log = ''
    p.process = spawn(binary, ['demo', '--dir', p.dir, '--listen', `127.0.0.1:${p.port}`], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LEAT_RUNTIME_DIR: runtime },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const out of [p.process.stdout, p.process.stderr]) out.on('data', (b) => (p.log += b))
    p.ended = new Promise((done) => p.process.on('exit', done))
    let over = false
    p.ended.then(() => (over = true))
    await until('the demo is live', () => {
      if (over) throw new Error('the demo ended:\n' + p.log)
      return p.log.includes('The pump station is live')
    }, 600_000)
    return p
  }

  /** Asks the API as the page does, with its cookie. */
  static ask(page, address) {
    return page.evaluate(async (a) => (await fetch('/api/v1' + a)).json(), address)
  }

  async stop() {
    this.process.kill('SIGTERM')
    await this.ended
    for (const pid of launchersOf(this.dir)) process.kill(pid, 'SIGKILL')
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Signs in as the demo's person with a role. */
async function signIn(page, plant, role) {
  await page.goto(plant.base + '/sign-in')
  const status = await Plant.ask(page, '/status')
  const account = status.demoAccounts.find((a) => a.role === role)
  await page.getByLabel(/username/i).fill(account.username)
  await page.getByLabel(/password/i).first().fill(account.password)
  await page.getByRole('button', { name: /^sign in$/i }).click()
  await page.waitForURL((u) => !u.pathname.startsWith('/sign-in'))
}

/** Waits until the page shows what it has: no bones of what is still to come, and fonts there. */
async function settled(page) {
  await page.mouse.move(2, 2)
  await page.waitForFunction(() => !document.querySelector('.bone'))
  await page.evaluate(() => document.fonts.ready)
  await page.waitForTimeout(1000) // graphs draw themselves after their data
}

/** Keeps what the page shows, as WebP: a third of a PNG, and text stays sharp. */
async function keep(page, name) {
  await settled(page)
  const png = await page.screenshot({ type: 'png', animations: 'disabled', caret: 'hide' })
  const studio = await page.context().newPage()
  const encode = (quality) => studio.evaluate(async ([data, q]) => {
    const image = new Image()
    image.src = 'data:image/png;base64,' + data
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    canvas.getContext('2d').drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', q).split(',')[1]
  }, [png.toString('base64'), quality])
  const file = path.join(folder, name + '.webp')
  for (const quality of [0.9, 0.8, 0.65]) {
    writeFileSync(file, Buffer.from(await encode(quality), 'base64'))
    if (statSync(file).size <= most) break
  }
  await studio.close()
  console.log(`${path.relative(root, file)}  ${(statSync(file).size / 1000).toFixed(0)} kB`)
}

/** Asks for a change as the page does; fails where it is refused. */
function change(page, method, address, body) {
  return page.evaluate(async ([m, a, b]) => {
    const answer = await fetch('/api/v1' + a, { method: m, headers: { 'content-type': 'application/json' }, body: JSON.stringify(b) })
    if (!answer.ok) throw new Error(`${m} ${a}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }, [method, address, body])
}

/** The flows after somebody worked on them: other numbers, a node more, one that was moved. */
function worked(flows) {
  const named = (name) => flows.find((n) => n.type === 'function' && n.name === name)
  const [numbers, tank, inflow] = [named('Numbers to change'), named('Tank'), named('Inflow')]
  numbers.func = numbers.func.replace('startLevel: 2.2', 'startLevel: 2.4').replace('assistLevel: 2.8', 'assistLevel: 3.0')
  inflow.y -= 20
  flows.push({ id: '7e57ab1e5eed0001', type: 'debug', z: tank.z, name: 'Level', active: false, complete: 'payload.level', targetType: 'msg', x: tank.x + 180, y: tank.y + 60, wires: [] })
  tank.wires[0].push('7e57ab1e5eed0001')
  return flows
}

/** Works as a member does, so that the pictures tell of somebody at work. Returns the snapshot made before. */
async function work(browser, plant) {
  const page = await open(browser, plant, 'member', 'light')
  const [team] = (await Plant.ask(page, '/teams')).items
  const [instance] = (await Plant.ask(page, `/teams/${team.id}/instances`)).items
  const at = `/instances/${instance.id}`
  await change(page, 'PUT', at + '/environment', { items: [{ name: 'SITE', value: 'North bank' }, { name: 'BROKER_PASSWORD', value: 'a long secret', hidden: true }] })
  await until('the restart', async () => {
    const now = await Plant.ask(page, at)
    return now.state === 'running' && now.startedAt !== instance.startedAt
  }, 120_000)
  const snapshot = await change(page, 'POST', at + '/snapshots', { name: 'Before the new level sensor', description: 'As handed over to the plant' })
  const { flows } = await Plant.ask(page, at + '/flows')
  await change(page, 'PUT', at + '/flows', { flows: worked(flows) })
  await page.context().close()
  return snapshot
}

async function open(browser, plant, role, colorScheme) {
  const context = await browser.newContext({ viewport: size, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  await signIn(page, plant, role)
  return page
}

/** Waits until Node-RED's editor is there with its flow drawn. */
async function editorReady(page) {
  const frame = await until('the editor', async () => {
    for (const f of page.frames()) if (f.url().includes('-editor.') && (await f.$('.red-ui-flow-node'))) return f
  })
  await frame.waitForFunction(() => !document.querySelector('#red-ui-loading-progress:not([style*="none"])'))
  await frame.evaluate(() => {
    const addresses = [...document.querySelectorAll('image')].map((i) => i.href.baseVal)
    const palette = [...document.querySelectorAll('.red-ui-palette-icon')].map((i) => getComputedStyle(i).backgroundImage.slice(5, -2))
    return Promise.all([...new Set([...addresses, ...palette])].filter(Boolean).map((src) => Object.assign(new Image(), { src }).decode().catch(() => {})))
  })
}

/** Snapshots, history, what differs, and what stands beside the editor. */
async function versions(page, plant, { team, instance, snapshot }) {
  const home = `${plant.base}/team/${team.slug}`
  const at = `${home}/instance/${instance.id}`
  await page.goto(at + '/snapshots')
  await page.getByText(snapshot.name).first().waitFor()
  await keep(page, 'snapshots')

  await page.goto(at + '/history')
  const deploy = page.locator('[data-kind=deploy]').first()
  await deploy.getByRole('button', { name: 'What changed' }).click()
  await deploy.getByText('Numbers to change').first().waitFor()
  await keep(page, 'history')

  await page.goto(`${home}/compare?from=${snapshot.id}&to=${instance.id}`)
  await page.getByText('Numbers to change').first().click()
  await page.getByText('startLevel: 2.4').first().waitFor()
  await keep(page, 'compare')

  await page.goto(at + '/editor?drawer=history')
  await editorReady(page)
  await page.getByRole('complementary', { name: 'Beside the editor' }).locator('[data-kind=deploy]').first().waitFor()
  await keep(page, 'drawer')

  await page.goto(at)
  await settled(page)
  await page.keyboard.press('Control+k')
  await page.getByRole('listbox').waitFor()
  await page.keyboard.type('pump')
  await page.getByRole('option').first().waitFor()
  await keep(page, 'search')
}

async function take(browser, plant) {
  const snapshot = await work(browser, plant)
  const page = await open(browser, plant, 'owner', 'light')
  const [team] = (await Plant.ask(page, '/teams')).items
  const [instance] = (await Plant.ask(page, `/teams/${team.id}/instances`)).items
  const at = (tab = '') => page.goto(`${plant.base}/team/${team.slug}/instance/${instance.id}${tab}`)
  await until('two minutes of measurements', async () => (await Plant.ask(page, `/instances/${instance.id}/samples`)).items.length >= 12, 240_000)

  await page.goto(`${plant.base}/team/${team.slug}`)
  await keep(page, 'home')
  await at()
  await keep(page, 'overview')
  await at('/logs')
  await keep(page, 'logs')
  await at('/editor')
  await editorReady(page)
  await keep(page, 'editor')

  await versions(page, plant, { team, instance, snapshot })

  await page.goto(`${plant.base}/team/${team.slug}/instances`)
  await page.getByRole('button', { name: 'New instance' }).or(page.getByRole('link', { name: 'New instance' })).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel(/^name/i).first().fill('My first pump')
  await dialog.getByText('First flow', { exact: true }).click()
  await keep(page, 'create')

  await page.goto(instance.dashboardUrl)
  await page.waitForFunction(() => /Station[^a-z]*Running/i.test(document.querySelector('main')?.innerText ?? ''), null, { timeout: 120_000 })
  await keep(page, 'dashboard')
  await page.context().close()

  const admin = await open(browser, plant, 'administrator', 'light')
  await admin.goto(plant.base + '/admin')
  await keep(admin, 'administration')
  await admin.context().close()

  const dark = await open(browser, plant, 'owner', 'dark')
  await dark.goto(`${plant.base}/team/${team.slug}/instance/${instance.id}`)
  await keep(dark, 'overview-dark')
  await dark.context().close()
}

mkdirSync(folder, { recursive: true })
const plant = await Plant.start()
const browser = await openBrowser()
try {
  await take(browser, plant)
} finally {
  await browser.close()
  await plant.stop()
}
