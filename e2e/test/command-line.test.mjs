// The command line: a program is let in by whoever is signed in in the browser, and then works on the real thing.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertAccessible, assertClean, openBrowser, openPage } from '../lib/browser.mjs'
import { binary, Leat, password, until } from '../lib/leat.mjs'

let leat, browser, home
let told = '' // everything that any command wrote

before(async () => {
  leat = await Leat.start()
  const { team, application } = await leat.team()
  await leat.person('ada', team, 'owner')
  await leat.instance(application, { name: 'Boiler', blueprint: 'first-flow' })
  browser = await openBrowser()
  home = mkdtempSync(path.join(os.tmpdir(), 'leat-home-'))
})

after(async () => {
  await browser?.close()
  await leat?.stop()
  if (home) rmSync(home, { recursive: true, force: true })
})

/** Starts a command as a person's shell does. */
function begin(...args) {
  const run = { out: '', err: '' }
  run.process = spawn(binary, args, { cwd: home, env: { PATH: process.env.PATH, HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] })
  run.process.stdout.on('data', (b) => (run.out += b))
  run.process.stderr.on('data', (b) => (run.err += b))
  run.ended = new Promise((r) => run.process.on('close', (code) => r(code))).then((code) => {
    told += run.out + run.err
    return code
  })
  return run
}

async function run(...args) {
  const command = begin(...args)
  assert.equal(await command.ended, 0, `leat ${args.join(' ')}: ${command.err}`)
  return command.out
}

/** Begins to sign in, and gives the address to approve at and the code. */
async function signIn(...args) {
  const command = begin('login', leat.base, '--no-browser', ...args)
  const address = await until('the address', () => command.err.match(/http:\/\/\S+\/approve\/\S+/)?.[0])
  return { command, address, code: command.err.match(/Code: (\S+)/)[1] }
}

/** Opens the address in a browser where nobody is signed in, and signs in. */
async function openApproval(address) {
  const opened = await openPage(browser, leat)
  const { page } = opened
  await page.goto(address)
  await page.getByLabel(/username/i).fill('ada')
  await page.getByLabel(/password/i).first().fill(password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Let a program in?' }).waitFor()
  return opened
}

test('whoever opens the address signs in, compares the code and lets the program in, by keyboard', async () => {
  const { command, address, code } = await signIn()
  const { page, context, seen } = await openApproval(address)
  assert.equal((await page.locator('[data-test=code]').innerText()).trim(), code)
  const text = await page.locator('main').innerText()
  assert.match(text, new RegExp(os.hostname().slice(0, 20)))
  assert.match(text, /127\.0\.0\.1/)
  assert.doesNotMatch(text, /another address/)
  await assertAccessible(page, 'the page that approves')
  await page.getByRole('button', { name: 'Let it in' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'The program is let in' }).waitFor()
  assert.equal(await command.ended, 0, command.err)
  assert.match(command.out, /You are signed in to .* as ada/)
  assertClean(seen)

  await page.goto(address)
  await page.getByRole('heading', { name: 'This request does not hold' }).waitFor()
  assert.match(await run('token', 'list'), new RegExp(`${os.hostname()} +full`), 'the token is named after the machine')
  await context.close()
})

test('a program that is denied is told so', async () => {
  const { command, address } = await signIn('--context', 'other')
  const { page, context, seen } = await openApproval(address)
  await page.getByRole('button', { name: 'Deny' }).click()
  await page.getByRole('heading', { name: 'The program was turned away' }).waitFor()
  assert.equal(await command.ended, 1)
  assert.match(command.err, /was denied/)
  assertClean(seen)
  await context.close()
})

test('an instance is worked on: stopped, started, deployed to, compared and brought back', async () => {
  assert.match(await run('instance', 'list'), /Boiler +running/)
  assert.match(await run('instance', 'stop', 'boiler', '--wait'), /Boiler is stopped/)
  assert.match(await run('instance', 'start', 'boiler', '--wait'), /Boiler runs/)
  assert.match(await run('instance', 'restart', 'boiler', '--wait'), /Boiler runs again/)
  assert.match(await run('instance', 'logs', 'boiler', '-n', '5'), /info/)
  assert.match(await run('instance', 'context', 'list', 'boiler'), /SCOPE/)
  assert.match(await run('instance', 'timeline', 'boiler'), /restart +ada/)

  await run('snapshot', 'create', 'boiler', '--name', 'Before')
  const flows = JSON.parse(await run('instance', 'flows', 'boiler'))
  flows.push({ id: 'c0ffee00c0ffee00', type: 'comment', z: flows[0].id, name: 'By hand', x: 80, y: 400, wires: [] })
  writeFileSync(path.join(home, 'flows.json'), JSON.stringify(flows))
  assert.match(await run('instance', 'deploy', 'boiler', 'flows.json'), /deployed to Boiler/)
  assert.match(await run('snapshot', 'compare', 'Before', 'boiler'), /\+ .*By hand/)
  assert.match(await run('snapshot', 'restore', 'boiler', 'Before', '--yes', '--wait'), /flows/)
  assert.match(await run('snapshot', 'compare', 'Before', 'boiler'), /same/i)
})

test('the log is followed', async () => {
  const following = begin('instance', 'logs', 'boiler', '-f', '-n', '0')
  await run('instance', 'restart', 'boiler', '--wait')
  await until('a new line', () => /Started flows|Starting flows/.test(following.out))
  following.process.kill('SIGINT')
  assert.equal(await following.ended, 0)
})

test('the token lies in a file of its owner alone, and nowhere else', async () => {
  const dir = path.join(home, '.config/leat/contexts')
  const [name] = readdirSync(dir)
  const file = path.join(dir, name)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const { token } = JSON.parse(readFileSync(file, 'utf8'))
  assert.match(token, /^leat_pat_/)
  assert.ok(!told.includes(token), 'no command wrote the token')
  assert.ok(!leat.log.includes(token), 'the server did not log it')
  await run('logout')
  const gone = await fetch(leat.loopback + '/api/v1/user', { headers: { authorization: `Bearer ${token}` } })
  assert.equal(gone.status, 401)
})
