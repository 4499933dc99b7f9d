// The command is killed. The next run resumes, and ends with the exact file.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent, resource } from '../support/hostile-server.ts'
import { ARGS, killAfter } from '../support/kill.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const SIZE = 8 * 1024 * 1024
const CONTENT = makeContent(SIZE)
const A = resource(CONTENT)

// Real processes, one after the other, on a machine that may be busy.
t.setTimeout(300_000)

for (const connections of [1, 4]) {
  t.test(
    `after one kill at most a tenth of the file is sent twice (${connections} connections)`,
    async (t) => {
      // So slow that a flush of a busy disk is short in comparison. The bound is a share of the file, not a time.
      const server = await startSlow(A, (16 * 1024) / connections)
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const args = [...ARGS, '-n', String(connections)]
      await killAfter(server, SIZE / 2, { dir, args })
      t.notOk(existsSync(join(dir, 'file.bin')))
      const { status } = await rangeGet([...args, `${server.url}/file.bin`], dir).ended
      t.equal(status, 0)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      t.strictSame(names(dir), ['file.bin'])
      t.ok(server.served <= SIZE * 1.1, `${server.served - SIZE} of ${SIZE} bytes sent twice`)
    },
  )

  t.test(
    `after eight kills at most three tenths of the file are sent twice (${connections} connections)`,
    async (t) => {
      const server = await startSlow(A, (8 * 1024) / connections)
      t.teardown(() => server.stop())
      const dir = t.testdir({})
      const args = [...ARGS, '-n', String(connections)]
      for (let kill = 0; kill < 8; kill++) await killAfter(server, SIZE / 9, { dir, args })
      const { status } = await rangeGet([...args, `${server.url}/file.bin`], dir).ended
      t.equal(status, 0)
      sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      t.ok(server.served <= SIZE * 1.3, `${server.served - SIZE} of ${SIZE} bytes sent twice`)
    },
  )
}

t.test('the journal never records a byte that is not on the disk', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  let recorded = 0
  for (let kill = 0; kill < 6; kill++) {
    await killAfter(server, SIZE / 10, { dir })
    const [, body = '{}'] = readFileSync(join(dir, 'file.bin.part.json'), 'utf8').split('\n')
    const part = readFileSync(join(dir, 'file.bin.part'))
    for (const [start, end] of JSON.parse(body).blocks as [number, number][]) {
      sameBytes(t, part.subarray(start, end), CONTENT.subarray(start, end), `bytes ${start} to ${end}`)
      recorded++
    }
  }
  t.not(recorded, 0, 'journals recorded bytes')
})
