// Standard streams that are not a terminal: standard input is never read, and a failed output does not end a download.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { spawnCommand } from '../support/command.ts'
import { answerHonestly, head, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)
const GET = `${process.execPath} ${CLI}`

/** Runs a line of bash with `$GET` and `$URL`. */
const bash = (line: string, cwd: string, url: string) =>
  spawnCommand('bash', ['-o', 'pipefail', '-c', line], { cwd, env: { GET, URL: url } })

t.test('standard input stays for the loop around the command', async (t) => {
  const server = await startHostile((request, socket) => answerHonestly(A, request, socket))
  t.teardown(() => server.stop())
  const dir = t.testdir({ list: ['1', '2', 'q', 'p'].map((name) => `${server.url}/${name}\n`).join('') })
  const line = 'while read -r u; do $GET -q "$u"; done < list; cat list | { $GET -q -o piped $URL/x; cat; }'
  const { status, stdout } = await bash(line, dir, server.url).ended
  t.equal(status, 0)
  t.strictSame(names(dir), ['1', '2', 'list', 'p', 'piped', 'q'])
  t.equal(stdout, readOrNull(join(dir, 'list'))?.toString(), 'nothing of it is taken')
})

t.test('q and p on a pipe are not keys', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const run = bash('$GET -n 1 -o file.bin $URL/file.bin', dir, server.url)
  run.child.stdin?.end('pq\u0003')
  const { status, stderr } = await run.ended
  t.equal(status, 0)
  t.notMatch(stderr, /paused|stopped/)
})

const BROKEN: { line: string; status: number; stdout: RegExp; stderr: RegExp }[] = [
  {
    line: '$GET --json -o file.bin $URL/file.bin | head -n 1',
    status: 14,
    stdout: /^\{"event":"progress".*\}\n$/,
    stderr: /^range-get: cannot write to standard output \(EPIPE\)\n$/,
  },
  {
    line: '$GET -o file.bin $URL/file.bin 2>&1 | head -n 1',
    status: 0,
    stdout: /^file\.bin: .*\n$/,
    stderr: /^$/,
  },
  {
    line: '$GET --json -o file.bin $URL/file.bin 2>&1 | head -n 1',
    status: 14,
    stdout: /^\{"event":"progress".*\}\n$/,
    stderr: /^$/,
  },
  {
    line: '$GET -o file.bin $URL/file.bin 2>&1 | true',
    status: 0,
    stdout: /^$/,
    stderr: /^$/,
  },
  { line: '$GET -o file.bin $URL/file.bin 2>&-', status: 0, stdout: /^$/, stderr: /^$/ },
  { line: '$GET --json -o file.bin $URL/file.bin <&- >&-', status: 0, stdout: /^$/, stderr: /^$/ },
]
if (existsSync('/dev/full')) {
  BROKEN.push(
    {
      line: '$GET --json -o file.bin $URL/file.bin >/dev/full',
      status: 14,
      stdout: /^$/,
      stderr: /^range-get: cannot write to standard output \(ENOSPC\)\n$/,
    },
    { line: '$GET -o file.bin $URL/file.bin 2>/dev/full', status: 0, stdout: /^$/, stderr: /^$/ },
    { line: '$GET --json -o file.bin $URL/file.bin >/dev/full 2>&1', status: 14, stdout: /^$/, stderr: /^$/ },
  )
}

t.test('a download continues if its output cannot be written, and ends with status 14', async (t) => {
  for (const { line, status, stdout, stderr } of BROKEN) {
    const server = await startSlow(A)
    const dir = t.testdir({})
    const ended = await bash(line, dir, server.url).ended
    t.equal(ended.status, status, line)
    t.match(ended.stdout, stdout, line)
    t.match(ended.stderr, stderr, line)
    t.strictSame(names(dir), ['file.bin'], `${line}: the file and nothing else`)
    sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT, line)
    await server.stop()
  }
})

t.test('a failed download keeps its own status', async (t) => {
  const server = await startHostile((_, socket) => void socket.write(head('404 No', { 'content-length': 0 })))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const line = '$GET --json $URL/x | true'
  const { status, stderr } = await bash(line, dir, server.url).ended
  t.equal(status, 4)
  t.notMatch(stderr, /\n {4}at /, 'no stack trace')
  t.strictSame(names(dir), [])
})

t.test(
  '--help ends with status 14 if nothing can be written',
  { skip: existsSync('/dev/full') ? false : 'no /dev/full here' },
  async (t) => {
    const { status, stderr } = await bash('$GET --help >/dev/full', t.testdir({}), '').ended
    t.equal(status, 14)
    t.equal(stderr, 'range-get: cannot write to standard output (ENOSPC)\n')
  },
)

t.test(
  'control characters, line separators and bidirectional controls are escaped in all output',
  async (t) => {
    const evil = '\u009b2J\u2028\u202e\u0085'
    const server = await startHostile((request, socket) => {
      const fields = {
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(evil)}x.bin`,
      }
      answerHonestly({ ...A, fields: { ...A.fields, ...fields } }, request, socket)
    })
    t.teardown(() => server.stop())
    const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
    for (const args of [
      '',
      '--json',
      '--json --overwrite -o "$EVIL"',
      '--overwrite -o "$EVIL"',
      '-q -d "$EVIL"',
    ]) {
      const dir = t.testdir({})
      const run = spawnCommand('bash', ['-c', `$GET ${args} $URL/${encodeURIComponent(evil)}`], {
        cwd: dir,
        env: { GET, URL: server.url, EVIL: `${evil}.bin` },
      })
      const { stdout, stderr } = await run.ended
      t.notMatch((stdout + stderr).replaceAll('\n', ''), STEERING, args)
      if (args.startsWith('--json'))
        for (const line of stdout.trim().split('\n')) t.ok(JSON.parse(line), 'it is JSON still')
    }
  },
)
