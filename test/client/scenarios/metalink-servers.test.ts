// A Metalink whose mirrors are nginx, one of which lies, with runs that are killed.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { makeContent } from '../support/hostile-server.ts'
import { startNginx, without } from '../support/installed-servers.ts'
import { untilRecorded } from '../support/kill.ts'
import { fileElement, metalink } from '../support/metalink.ts'
import { names } from '../support/run.ts'

const SIZE = 6 * 1024 * 1024 + 1
const CONTENT = makeContent(SIZE)
const LIE = Buffer.from(CONTENT)
for (const at of [300_000, SIZE / 2 - 0.5, SIZE - 1]) LIE[at] = (LIE[at] ?? 0) ^ 1
/** As MirrorBrain writes it. */
const PIECES = { length: 262_144, type: 'sha-1', algorithm: 'sha1' }

async function mirror(t: Test, content: Buffer, name: string): Promise<string> {
  const folder = join(t.testdirName, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'file.bin'), content)
  return `${await startNginx(t, folder, 'server { listen PORT; root FILES; limit_rate 2m; }')}/file.bin`
}

t.test('nginx as mirrors', { skip: without('nginx') }, async (t) => {
  for (const [name, contents, expected] of [
    ['one of two lies', [LIE, CONTENT], 0],
    ['all of them lie', [LIE, LIE], 7],
  ] as const)
    t.test(`three runs are killed, and the next one ends right: ${name}`, async (t) => {
      const dir = join(t.testdir({ out: {} }), 'out')
      const urls = await Promise.all(contents.map((content, index) => mirror(t, content, `${index}`)))
      writeFileSync(join(t.testdirName, 'x.meta4'), metalink(fileElement(CONTENT, urls, { pieces: PIECES })))
      const args = ['--metalink', '../x.meta4', '--segment-size', '512k', '--json']
      for (let killed = 0; killed < 3; killed++) {
        const run = rangeGet(args, dir)
        await untilRecorded(run, dir)
        run.child.kill('SIGKILL')
        await run.ended
      }
      const { status, stdout, stderr } = await rangeGet(args, dir).ended
      t.equal(status, expected, stderr)
      // Pieces that are right may stay in the part file for a later run, with other mirrors.
      t.equal(names(dir).includes('file.bin'), expected === 0)
      if (expected !== 0) return
      t.strictSame(names(dir), ['file.bin'])
      sameBytes(t, readFileSync(join(dir, 'file.bin')), CONTENT)
      t.match(stdout, /"event":"result".*"integrity":"checksum"/)
    })
})
