// A deploy that the editor was told succeeded is never lost, whatever is killed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { endNow, Leat, launchersOf, nodesOf, until } from '../lib/leat.mjs'
import { Visitor } from '../lib/visitor.mjs'

let leat, instance, visitor

const tab = { id: 'tab1', type: 'tab', label: 'Count', disabled: false, info: '' }
const flow = (n) => [
  tab,
  { id: 'in1', type: 'http in', z: 'tab1', name: '', url: '/number', method: 'get', wires: [['fn1']], x: 100, y: 100 },
  { id: 'fn1', type: 'function', z: 'tab1', name: 'number', func: `msg.payload = '${n}'\nreturn msg`, outputs: 1, wires: [['out1']], x: 250, y: 100 },
  { id: 'out1', type: 'http response', z: 'tab1', name: '', wires: [], x: 400, y: 100 },
  { id: 'cred1', type: 'http request', z: 'tab1', name: '', authType: 'basic', method: 'GET', url: '', wires: [[]], x: 100, y: 200, credentials: { user: 'pump', password: `secret ${n}` } },
]

before(async () => {
  leat = await Leat.start()
  const { application } = await leat.team()
  instance = await leat.instance(application, { name: 'Count' })
  visitor = await Visitor.signedIn(leat)
  await visitor.openEditor(instance)
})

after(() => leat?.stop())

const kills = {
  'Node-RED': () => endNow(nodesOf(leat.data)),
  launcher: () => endNow(launchersOf(leat.data)),
  server: async () => {
    await leat.kill('SIGKILL')
    await leat.spawn()
    return 1
  },
  'all at once': async () => {
    const pids = [...nodesOf(leat.data), ...launchersOf(leat.data)]
    leat.process.kill('SIGKILL')
    endNow(pids)
    await leat.ended
    await leat.spawn()
    return pids.length
  },
}

let number = 0
for (const [what, kill] of Object.entries(kills)) {
  test(`a confirmed deploy survives SIGKILL of ${what}`, async () => {
    for (let round = 0; round < 3; round++) {
      number++
      const res = await until('deploy accepted', async () => {
        const r = await visitor.deploy(instance, flow(number))
        return r.status === 200 && r
      })
      assert.ok(res.json().rev)
      const before = nodesOf(leat.data)
      assert.ok((await kill()) > 0, 'something was killed')
      if (what !== 'server') await until('the old Node-RED is gone', () => nodesOf(leat.data).every((pid) => !before.includes(pid)))
      const answer = await until('flow answers', async () => {
        const r = await visitor.open(instance.url + '/number')
        return r.status === 200 && r.text
      })
      assert.equal(answer, String(number))
      const saved = (await leat.api('GET', `/instances/${instance.id}/flows`)).flows
      assert.ok(saved.find((n) => n.id === 'fn1').func.includes(`'${number}'`))
      assert.ok(!JSON.stringify(saved).includes('secret'), 'credentials left the platform')
    }
  })
}

test('credentials survive as well', async () => {
  const res = await visitor.ask('GET', instance.editorUrl + '/.leat/editor/credentials/http-request/cred1')
  assert.equal(res.status, 200, res.text)
  assert.equal(res.json().user, 'pump')
  assert.equal(res.json().has_password, true)
})

test('who deployed is what the door saw', async () => {
  const list = await leat.api('GET', `/instances/${instance.id}/audit-events?event=flows.deploy`)
  assert.equal(list.items[0].actor.username, 'admin')
})

test('a restart of the server stops no flow', async () => {
  const before = nodesOf(leat.data)
  assert.equal(before.length, 1)
  await leat.kill('SIGTERM')
  assert.deepEqual(nodesOf(leat.data), before, 'Node-RED went on without the server')
  await leat.spawn()
  await leat.untilState(instance.id, 'running')
  assert.deepEqual(nodesOf(leat.data), before, 'the server took the running one over')
})
