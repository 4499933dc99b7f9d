// Closed standard streams (`>&-`): Node.js opens the null device in their place, so that no file of ours gets their numbers.
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { spawnCommand } from '../support/command.ts'
import { head, honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)
const GET = `${process.execPath} ${CLI}`

/** Runs a line of bash with `$GET` and `$URL`; `exec` makes the process itself range-get. */
const bash = (line: string, cwd: string, url: string) =>
  spawnCommand('bash', ['-c', `exec ${line}`], { cwd, env: { GET, URL: url } })

t.setTimeout(120_000)

const CLOSED: readonly (readonly [redirection: string, closed: readonly number[]])[] = [
  ['>&-', [1]],
  ['2>&-', [2]],
  ['<&-', [0]],
  ['>&- 2>&-', [1, 2]],
  ['<&- >&-', [0, 1]],
  ['<&- 2>&-', [0, 2]],
  ['<&- >&- 2>&-', [0, 1, 2]],
]

for (const [redirection, closed] of CLOSED) {
  for (const option of ['', '--json']) {
    t.test(
      `a download with ${option} ${redirection}: the file is exact, and the status says so`,
      async (t) => {
        const server = await startSlow(A, 128 * 1024)
        t.teardown(() => server.stop())
        const dir = t.testdir({})
        const run = bash(`$GET ${option} -o file.bin $URL/file.bin ${redirection}`, dir, server.url)
        await server.hasServed(500_000)
        if (process.platform === 'linux') {
          for (const number of closed)
            t.equal(readlinkSync(`/proc/${run.child.pid}/fd/${number}`), '/dev/null', `descriptor ${number}`)
        }
        const { status, stdout, stderr } = await run.ended
        t.equal(status, 0)
        if (closed.includes(1) || option !== '--json') t.equal(stdout, '')
        else t.match(stdout, /"event":"result"/)
        if (closed.includes(2) || option === '--json') t.equal(stderr, '')
        else t.match(stderr, /file\.bin: /)
        t.strictSame(names(dir), ['file.bin'])
        sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
      },
    )
  }
}

t.test('a failed download keeps its status, and leaves no file', async (t) => {
  const server = await startHostile((request, socket) =>
    request.path === '/no'
      ? void socket.write(head('404 No', { 'content-length': 0 }))
      : honest(A)(request, socket),
  )
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const rows: readonly (readonly [string, number])[] = [
    ['$GET --json $URL/no', 4],
    ['$GET --nonsense', 2],
    ['$GET --help', 0],
  ]
  for (const redirection of ['>&-', '2>&-', '<&- >&- 2>&-']) {
    for (const [line, status] of rows) {
      const ended = await bash(`${line} ${redirection}`, dir, server.url).ended
      t.equal(ended.status, status, `${line} ${redirection}`)
    }
  }
  t.strictSame(names(dir), [])
})

t.test('a killed run leaves none of its output in the part file', async (t) => {
  const server = await startSlow(A, 128 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = bash('$GET --json -n 1 -o file.bin $URL/file.bin <&- >&- 2>&-', dir, server.url)
  await server.hasServed(1_000_000)
  run.child.kill('SIGKILL')
  await run.ended
  const left = readOrNull(join(dir, 'file.bin.part')) ?? Buffer.alloc(0)
  // What is not written yet is a hole.
  const written = left.subarray(0, left.findLastIndex((byte) => byte !== 0) + 1)
  for (const name of names(dir).filter((each) => each !== 'file.bin.part.json'))
    t.notMatch(readOrNull(join(dir, name))?.toString('latin1') ?? '', /"event"|range-get:/, name)
  sameBytes(t, written, CONTENT.subarray(0, written.length))
  const { status } = await bash('$GET -o file.bin $URL/file.bin >&-', dir, server.url).ended
  t.equal(status, 0)
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT)
})
