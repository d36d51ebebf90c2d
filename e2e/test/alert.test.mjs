// What people are told of a real Node-RED that is in trouble, and what is kept of its measurements.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Leat, endNow, nodesOf, until } from '../lib/leat.mjs'
import { MailServer } from '../lib/mail.mjs'

let leat, mail, team, application, instance

before(async () => {
  mail = await MailServer.start()
  leat = await Leat.start()
  ;({ team, application } = await leat.team())
  await leat.person('olga', team, 'owner')
  await leat.person('max', team, 'member')
  await leat.api('PUT', '/settings/mail', { host: '127.0.0.1', port: mail.port, security: 'none', from: 'leat@example.com' })
  instance = await leat.instance(application, { name: 'Pump station', flows: [{ id: 't', type: 'tab', label: 'Pump' }] })
})

after(async () => {
  await leat?.stop()
  await mail?.stop()
})

/** The API as somebody else: asks with their session. */
async function as(username, path) {
  const cookie = await leat.session(username)
  const res = await fetch(leat.loopback + '/api/v1' + path, { headers: { cookie } })
  assert.equal(res.status, 200)
  return res.json()
}

test('a crash is in the inbox of owners at once, and in a letter with the end of the log', async () => {
  assert.equal(endNow(nodesOf(leat.data)), 1)
  const [note] = await until('the notification', async () => (await as('olga', '/user/notifications')).items, 20_000)
  assert.equal(note.kind, 'instance-crash')
  assert.equal(note.link, `/team/${team.slug}/instance/${instance.id}/logs`)
  assert.deepEqual((await as('max', '/user/notifications')).items, [])
  const letter = await until('the letter', () => mail.to('olga@example.com').find((l) => l.includes('Subject: Pump station crashed')), 20_000)
  assert.match(letter, /Started flows/)
  assert.match(letter, new RegExp(`/team/${team.slug}/instance/${instance.id}/logs`))
  assert.equal(mail.to('max@example.com').length, 0)
})

test('what happens again is counted, and no second letter is written', async () => {
  await leat.untilState(instance.id, 'running')
  assert.equal(endNow(nodesOf(leat.data)), 1)
  await until('the count', async () => (await as('olga', '/user/notifications')).items[0].count === 2, 20_000)
  assert.equal((await as('olga', '/user/notifications/count')).unread, 1)
  await leat.untilState(instance.id, 'running')
  assert.equal(mail.to('olga@example.com').filter((l) => l.includes('Subject: Pump station crashed')).length, 1)
})

test('measurements outlive the server, and tell nothing twice', async () => {
  const before = await until('samples', async () => {
    const s = await leat.api('GET', `/instances/${instance.id}/samples`)
    return s.items.length > 1 && s
  })
  assert.equal(before.memoryLimitMiB, 256)
  assert.ok(before.items.every((x) => x.memoryMiB > 20 && x.count === 1))
  assert.equal(await leat.kill('SIGTERM'), 0)
  await leat.spawn()
  const again = await leat.api('GET', `/instances/${instance.id}/samples`)
  const times = new Set(again.items.map((x) => x.time.slice(0, 19)))
  assert.deepEqual(before.items.map((x) => x.time.slice(0, 19)).filter((t) => !times.has(t)), [])
  assert.equal((await as('olga', '/user/notifications')).items[0].count, 2)
})
