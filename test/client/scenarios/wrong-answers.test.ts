// Answers that do not match the request. None may end in a wrong file, or never end.
import t from 'tap'
import { startHostile } from '../support/hostile-server.ts'
import { get } from '../support/run.ts'
import { outcomeOf, play, type Scenario } from '../support/scenario.ts'
import { WRONG_ANSWERS } from '../support/wrong-answers.ts'

for (const connections of [1, 3]) {
  for (const row of WRONG_ANSWERS) {
    const also: Scenario['also'] = (t, _, { requests }) =>
      t.ok(requests.length < 60, `${requests.length} requests`)
    t.test(`${outcomeOf(row.want)} (${row.name}, ${connections} connections)`, (t) =>
      play(t, { ...row, also }, { segmentSize: 30_000, connections }),
    )
  }
}

for (const { name, script, want } of WRONG_ANSWERS) {
  t.test(`a failed download leaves the older file as it was (${name})`, async (t) => {
    if (typeof want !== 'string') return
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const end = await get(`${server.url}/file.bin`, t.testdir({ 'file.bin': 'old' }), {
      segmentSize: 30_000,
      existing: 'replace',
      retries: 0,
    })
    t.type(end.code, 'string')
    t.equal(end.file?.toString(), 'old', 'a failed run leaves the older file as it was')
  })
}
