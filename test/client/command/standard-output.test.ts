// `-o -`: files on standard output, with real pipes and readers.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import {
  answerHonestly,
  head,
  honest,
  makeContent,
  type Resource,
  resource,
  sha256,
  startHostile,
} from '../support/hostile-server.ts'
import { names } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const A = resource(makeContent(6_000_000))
const B = resource(makeContent(100_000, 'version B'))
const unix = { skip: process.platform === 'win32' ? 'pipes of a shell' : false }

t.setTimeout(120_000)

/** Runs a line of bash with `$GET` and `$URL`, and with the statuses of a pipe as the last line of standard error. */
const bash = (line: string, cwd: string, url: string) =>
  spawnCommand('bash', ['-c', `${line}; echo "\${PIPESTATUS[@]}" >&2`], {
    cwd,
    env: { GET: `${process.execPath} ${CLI} --retry-delay 0.05`, URL: url },
  })

/** Starts a server whose paths are files, and which stops with the test. */
async function serve(t: Test, files: Readonly<Record<string, Resource>>): Promise<string> {
  const server = await startHostile((request, socket) => {
    const file = files[request.path]
    if (file === undefined) socket.write(head('404 Not Found', { 'content-length': 0 }))
    else answerHonestly(file, request, socket)
  })
  t.teardown(() => server.stop())
  return server.url
}

t.test('a program behind the pipe gets the file, and nothing stays on the disk', unix, async (t) => {
  const url = await serve(t, { '/file.bin': A })
  const dir = t.testdir({})
  for (const options of [
    '',
    '-n 1',
    '-n 8 --buffer 64k',
    '--segment-size 100k --buffer 300k',
    '-n 8 --buffer 200k --buffer-dir .',
    '--buffer 5G --buffer-dir .',
  ]) {
    const { stdout, stderr } = await bash(`$GET ${options} -o - $URL/file.bin | sha256sum`, dir, url).ended
    t.equal(stdout, `${sha256(A.content)}  -\n`, options)
    t.match(stderr, /file\.bin: 5\.7 MiB in .*; length checked\n0 0\n$/, options)
  }
  t.strictSame(names(dir), [])
})

t.test('tar unpacks an archive while it comes', unix, async (t) => {
  const dir = t.testdir({ from: { 'a.bin': A.content.toString('latin1'), 'b.txt': 'b' } })
  const packed = spawnCommand('tar', ['-cf', 'all.tar', '-C', 'from', '.'], { cwd: dir })
  t.equal((await packed.ended).status, 0)
  const url = await serve(t, { '/all.tar': resource(readFileSync(join(dir, 'all.tar'))) })
  mkdirSync(join(dir, 'to'))
  const { stderr } = await bash('$GET -q -o - $URL/all.tar | tar -x -C to', dir, url).ended
  t.equal(stderr, '0 0\n')
  sameBytes(t, readFileSync(join(dir, 'to/a.bin')), A.content, 'the file')
})

t.test('a reader that has seen enough ends the download without a word, with status 141', unix, async (t) => {
  const url = await serve(t, { '/file.bin': A })
  const dir = t.testdir({})
  const { stdout, stderr } = await bash('$GET -q -o - $URL/file.bin | head -c 10', dir, url).ended
  t.equal(stdout, A.content.subarray(0, 10).toString())
  t.equal(stderr, '141 0\n')
})

t.test('a reader that stops reading: Ctrl-C still ends the command', unix, async (t) => {
  const url = await serve(t, { '/file.bin': A })
  const run = rangeGet(['-o', '-', '--json', `${url}/file.bin`], t.testdir({}))
  run.child.stdout?.pause()
  await once(run.child.stderr ?? t, 'data')
  run.child.kill('SIGINT')
  const [status, signal] = await once(run.child, 'exit')
  t.ok(status === 130 || signal === 'SIGINT', `${status} ${signal}`)
  run.child.stdout?.resume()
})

t.test('several files come one after the other; after one that fails nothing follows', unix, async (t) => {
  const url = await serve(t, { '/a': A, '/b': B })
  const dir = t.testdir({})
  await bash('$GET -q -o - $URL/a $URL/b > both', dir, url).ended
  sameBytes(t, readFileSync(join(dir, 'both')), Buffer.concat([A.content, B.content]), 'both')
  const { stderr } = await bash('$GET -q -o - $URL/b $URL/none $URL/a > one', dir, url).ended
  t.match(stderr, /404 Not Found.*\n4\n$/)
  sameBytes(t, readFileSync(join(dir, 'one')), B.content, 'the first one')
})

t.test('standard output can be a file, also to append to, and a full one', unix, async (t) => {
  const url = await serve(t, { '/a': B })
  const dir = t.testdir({ file: 'before\n' })
  await bash('$GET -q -o - $URL/a >> file', dir, url).ended
  sameBytes(
    t,
    readFileSync(join(dir, 'file')),
    Buffer.concat([Buffer.from('before\n'), B.content]),
    'appended',
  )
  if (!existsSync('/dev/full')) return
  const { stderr } = await bash('$GET -q -o - $URL/a > /dev/full', dir, url).ended
  t.match(stderr, /cannot write standard output: no space is left on the disk \(ENOSPC\).*\n8\n$/)
})

t.test(
  'a temporary file for the buffer that cannot be written is status 8 or 9, and says which',
  unix,
  async (t) => {
    const url = await serve(t, { '/a': A })
    const dir = t.testdir({})
    for (const [line, message] of [
      [
        '$GET -q -o - --buffer-dir none $URL/a',
        /a temporary file in none: the directory does not exist.*\n9\n$/,
      ],
      [
        '(ulimit -f 64; $GET -q -o - --buffer-dir . $URL/a)',
        /cannot write a temporary file in \.: the file is larger .*\(EFBIG\).*\n8\n$/,
      ],
    ] as const) {
      const { stderr } = await bash(`${line} | cat > out`, dir, url).ended
      t.match(stderr.replace(' 0\n', '\n'), message)
      t.strictSame(names(dir), ['out'])
    }
  },
)

t.test('a killed process leaves nothing of its temporary file', unix, async (t) => {
  const slow = await startSlow(A, 4 * 1024 * 1024)
  t.teardown(() => slow.stop())
  const dir = t.testdir({})
  const run = rangeGet(['-q', '-o', '-', '--buffer-dir', '.', `${slow.url}/a`], dir)
  await once(run.child.stdout ?? t, 'data')
  run.child.kill('SIGKILL')
  await run.ended
  t.strictSame(names(dir), [])
})

t.test('a wrong checksum is status 7, after the bytes', async (t) => {
  const url = await serve(t, { '/a': B })
  const checksum = `sha-256=${createHash('sha256').update('other').digest('hex')}`
  const run = rangeGet(['-q', '-o', '-', '--checksum', checksum, `${url}/a`], t.testdir({}))
  const { status, stdout, stderr } = await run.ended
  t.equal(status, 7)
  t.equal(stdout, B.content.toString())
  t.match(stderr, /its sha-256 is .*\. 97\.7 KiB were written before: do not use them\n$/)
})

t.test('--json is on standard error, and nothing else is', async (t) => {
  const url = await serve(t, { '/a': B })
  for (const [path, want] of [
    ['a', { event: 'result', path: null, size: B.content.length }],
    ['none', { event: 'error', code: 'ERR_DOWNLOAD_HTTP', status: 4 }],
  ] as const) {
    const { stdout, stderr } = await rangeGet(['--json', '-o', '-', `${url}/${path}`], t.testdir({})).ended
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    t.match(events.at(-1), want)
    t.equal(stdout, path === 'a' ? B.content.toString() : '')
  }
  const wrong = await rangeGet(['--json', '-o', '-', '--retries', 'x', url], t.testdir({})).ended
  t.match(JSON.parse(wrong.stderr), { event: 'error', code: 'ERR_DOWNLOAD_USAGE', status: 2 })
  t.equal(wrong.stdout, '')
})

t.test('a server that dies on the way is asked again, and no byte is lost', async (t) => {
  const slow = await startSlow(A, 512 * 1024)
  const port = Number(new URL(slow.url).port)
  const run = rangeGet(
    ['-q', '-o', '-', '--retries', '50', '--max-retry-delay', '0.1', `${slow.url}/a`],
    t.testdir({}),
  )
  const first = await Promise.race([once(run.child.stdout ?? t, 'data'), run.ended])
  t.ok(first, 'some bytes have come')
  await slow.stop()
  const again = await startHostile(honest(A), port)
  t.teardown(() => again.stop())
  const { status, stdout, stderr } = await run.ended
  t.equal(status, 0, stderr)
  t.ok(stdout === A.content.toString(), 'the bytes')
})

t.test('options about files are refused, and --buffer without -o -', async (t) => {
  for (const [args, message] of [
    [['--overwrite', '-o', '-'], /--overwrite is about files, and -o - writes to standard output/],
    [['--no-resume', '-o-'], /--no-resume is about files/],
    [['--resume-key', 'x', '--output=-'], /--resume-key is about files/],
    [['--server-time', '-o', '-'], /--server-time is about files/],
    [['--create-dirs', '-o', '-'], /--create-dirs is about files/],
    [['-d', '.', '-o', '-'], /--dir is about files/],
    [['--buffer', '1M', '-o', 'x'], /--buffer is about -o -, and the output is a file/],
    [['--buffer-dir', '.', '-o', 'x'], /--buffer-dir is about -o -, and the output is a file/],
    [['--buffer-dir', '.'], /--buffer-dir is about -o -/],
    [['--buffer', '1k', '-o', '-'], /--buffer takes 65536 to 4294967296 bytes/],
    [['--buffer', '5G', '-o', '-'], /--buffer takes 65536 to 4294967296 bytes/],
    [['--buffer', '1025G', '--buffer-dir', '.', '-o', '-'], /--buffer takes 65536 to 1099511627776 bytes/],
    [['--buffer-dir', '', '-o', '-'], /--buffer-dir takes the name of a directory/],
  ] as const) {
    const { status, stdout, stderr } = await rangeGet([...args, 'http://127.0.0.1:1/'], t.testdir({})).ended
    t.equal(status, 2)
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})
