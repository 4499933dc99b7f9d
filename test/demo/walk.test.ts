import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { byteCount } from '#client/state/blocks.js'
import { blocksOf } from '../client/support/journal.ts'
import { withoutPrivileges } from '../support/ordinary-user.ts'
import { REPOSITORY } from '../support/repository.ts'
import { DEMO, start, startSource, type Walk, walk } from './walk-process.ts'

const TEXT = 'Grüße, 世界: Stück für Stück.\n'
const SIZE = Buffer.byteLength(TEXT)
const STEPS = Array.from(
  { length: Math.ceil(SIZE / 4) },
  (_, step) => `bytes=${step * 4}-${Math.min(step * 4 + 3, SIZE - 1)}`,
)
/** Whether these are all the steps in order, each once. */
const isAsked = (ranges: readonly string[]): boolean => JSON.stringify(ranges) === JSON.stringify(STEPS)

// Real processes, one after the other, on a machine that may be busy.
t.setTimeout(300_000)

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

t.test('the whole demo runs with the demo server', async (t) => {
  const dir = t.testdir({})
  const { status, stdout, stderr } = await walk(['--port', '0'], dir).finished
  t.equal(stderr, '')
  t.equal(status, 0)
  t.match(stdout, /^demo server on http:\/\/127\.0\.0\.1:\d+; 2\.txt -> 3\.txt\n/)
  t.match(stdout, /^step 1: Range: bytes=0-3 -> 206 Content-Range: bytes 0-3\/\d+, 4 of \d+ bytes$/m)
  t.match(stdout, /^step 2: Range: bytes=4-7 -> 206/m)
  const size = readFileSync(join(dir, '3.txt')).length
  t.match(
    stdout,
    new RegExp(`3\\.txt: ${size} bytes in ${Math.ceil(size / 4)} steps and [\\d.]+ s, equal to the source`),
  )
  t.strictSame(readdirSync(dir), ['3.txt'], 'nothing else is left')

  const again = await walk(['--port', '0'], dir).finished
  t.equal(again.status, 0)
  t.match(again.stdout, /3\.txt is complete/)
  t.notMatch(again.stdout, /step 1/)
})

t.test('the command of the second document works', async (t) => {
  const dir = t.testdir({})
  const args = ['--port', '0', '--step', '10', '--file', 'content.txt', '--out', 'download.txt']
  const { status, stdout } = await walk(args, dir).finished
  t.equal(status, 0)
  t.match(stdout, /step 2: Range: bytes=10-19 -> 206/)
  t.strictSame(readdirSync(dir), ['download.txt'])
})

t.test('every Range comes in order, and the bytes are exact', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  const dir = t.testdir({})
  const { status } = await walk(['--url', source.url], dir).finished
  t.equal(status, 0)
  t.ok(isAsked(source.ranges), JSON.stringify(source.ranges))
  t.equal(readFileSync(join(dir, '3.txt'), 'utf8'), TEXT)
})

t.test('3.txt.part grows before 3.txt exists', async (t) => {
  const dir = t.testdir({})
  const run = walk(['--port', '0', '--delay', '150'], dir)
  await run.printed(/step 3:/)
  t.notOk(existsSync(join(dir, '3.txt')))
  t.ok(readFileSync(join(dir, '3.txt.part')).length >= 8)
  run.child.kill('SIGKILL')
  await run.finished
})

t.test('p on a pipe pauses, with or without Enter, and any other key resumes', async (t) => {
  for (const [pause, goOn] of [
    ['p', 'x'],
    ['p\n', '\n'],
  ] as const) {
    const source = await startSource(TEXT)
    const dir = t.testdir({})
    const run = walk(['--url', source.url, '--delay', '30'], dir)
    await run.printed(/step 2:/)
    run.child.stdin.write(pause)
    await run.printed(/paused at \d+ of \d+ bytes: any key continues/)
    const asked = source.ranges.length
    await new Promise((resolve) => setTimeout(resolve, 300))
    t.equal(source.ranges.length, asked, 'no step while it is paused')
    run.child.stdin.write(goOn)
    await run.printed(/resuming at \d+ of/)
    t.equal((await run.finished).status, 0)
    t.ok(isAsked(source.ranges), 'no step is asked for twice')
    t.equal(readFileSync(join(dir, '3.txt'), 'utf8'), TEXT)
    await source.stop()
  }
})

for (const [name, stop, status] of [
  ['q', (run: Walk) => run.child.stdin.write('q'), 130],
  ['SIGINT', (run: Walk) => run.child.kill('SIGINT'), 130],
  ['SIGTERM', (run: Walk) => run.child.kill('SIGTERM'), 143],
] as const) {
  t.test(`a paused demo ends at once without another step (${name})`, async (t) => {
    // One step takes the whole file slowly, so that a stop that does not cancel it would be noticed.
    const source = await startSource('x'.repeat(8_000_000), 20_000)
    t.teardown(() => source.stop())
    const dir = t.testdir({})
    const run = walk(['--url', source.url, '--step', '7000000'], dir)
    while (recorded(dir) === 0) await sleep(10)
    run.child.stdin.write('p')
    await run.printed(/paused at \d+ of/)
    const asked = source.ranges.length
    stop(run)
    const outcome = await run.finished
    t.equal(outcome.status, status)
    t.match(outcome.stderr, /stopped at \d+ of 8000000 bytes; the same command resumes there/)
    t.notMatch(outcome.stdout, /resuming/)
    t.equal(source.ranges.length, asked, 'nothing more is asked for')
    t.strictSame(readdirSync(dir).sort(), ['3.txt.part', '3.txt.part.json'])
  })
}

t.test('a paused demo resumes when the input ends', async (t) => {
  const run = walk(['--port', '0', '--delay', '30'], t.testdir({}))
  await run.printed(/step 1:/)
  run.child.stdin.end('p')
  t.equal((await run.finished).status, 0)
})

/** The number of bytes in the journal. */
function recorded(dir: string): number {
  const path = join(dir, '3.txt.part.json')
  const blocks = existsSync(path) ? blocksOf(readFileSync(path, 'utf8')) : []
  return byteCount(blocks)
}

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGKILL', null],
] as const) {
  t.test(`the next run resumes after ${signal}`, async (t) => {
    const dir = t.testdir({})
    const run = walk(['--port', '0', '--delay', '300'], dir)
    await run.printed(/step 4:/)
    while (recorded(dir) < 8 && !existsSync(join(dir, '3.txt'))) await sleep(10) // on a busy disk a journal takes its time
    run.child.kill(signal)
    const stopped = await run.finished
    t.equal(stopped.status, status)
    if (status !== null) t.match(stopped.stderr, /stopped at \d+ of \d+ bytes; the same command resumes/)
    t.notOk(existsSync(join(dir, '3.txt')))

    const next = await walk(['--port', '0'], dir).finished
    t.equal(next.status, 0, 'on another port, too')
    const resumed = Number(/an earlier run received (\d+) bytes/.exec(next.stdout)?.[1])
    t.ok(resumed >= 8 && resumed % 4 === 0, `from ${resumed}`)
    t.match(next.stdout, new RegExp(`step 1: Range: bytes=${resumed}-${resumed + 3} `))
    t.match(next.stdout, /equal to the source/)
    t.strictSame(readdirSync(dir), ['3.txt'])
  })
}

t.test('the demo starts from 0 if the file has changed on the server', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  const dir = t.testdir({})
  const run = walk(['--url', source.url, '--delay', '100'], dir)
  await run.printed(/step 4:/)
  run.child.kill('SIGKILL')
  await run.finished
  source.text = Buffer.from(TEXT.toUpperCase())
  source.ranges.length = 0
  const { status, stdout } = await walk(['--url', source.url], dir).finished
  t.equal(status, 0)
  t.match(stdout, /started over/)
  t.match(stdout, /Range: bytes=0-3 /)
  t.equal(readFileSync(join(dir, '3.txt'), 'utf8'), TEXT.toUpperCase())
})

t.test('--fresh starts from 0', async (t) => {
  const dir = t.testdir({})
  const run = walk(['--port', '0', '--delay', '100'], dir)
  await run.printed(/step 4:/)
  run.child.kill('SIGKILL')
  await run.finished
  const { status, stdout } = await walk(['--port', '0', '--fresh'], dir).finished
  t.equal(status, 0)
  t.match(stdout, /step 1: Range: bytes=0-3 /)
})

t.test('an existing file stays until the new one is complete', async (t) => {
  const dir = t.testdir({ '3.txt': 'mine' })
  const run = walk(['--port', '0', '--delay', '50'], dir)
  await run.printed(/3\.txt differs from .*: downloading it again/)
  await run.printed(/step 3:/)
  t.equal(readFileSync(join(dir, '3.txt'), 'utf8'), 'mine')
  t.equal((await run.finished).status, 0)
  t.not(readFileSync(join(dir, '3.txt'), 'utf8'), 'mine')
})

t.test('a server that ends during the download is a network error', async (t) => {
  const source = await startSource(TEXT)
  const dir = t.testdir({})
  const run = walk(['--url', source.url, '--delay', '50'], dir)
  await run.printed(/step 3:/)
  await source.stop()
  const { status, stderr } = await run.finished
  t.equal(status, 3)
  t.match(stderr, /^demo: gave up after 4 attempts: .+\n$/)
  t.notOk(existsSync(join(dir, '3.txt')))
})

t.test('a FIFO or a device as output is an error, and is not replaced', async (t) => {
  const dir = t.testdir({})
  execFileSync('mkfifo', [join(dir, 'fifo')])
  symlinkSync('fifo', join(dir, 'link'))
  symlinkSync('/dev/zero', join(dir, 'zero'))
  const before = readdirSync(dir)
  for (const args of [['fifo'], ['link'], ['zero'], ['fifo', '--fresh'], ['zero', '--fresh']]) {
    const { status, stderr } = await walk(['--port', '0', '--out', ...args], dir).finished
    t.equal(status, 9, `${args}: ${stderr}`)
    t.match(stderr, /^demo: [^\n]+\n$/)
    t.strictSame(readdirSync(dir), before)
  }
  t.ok(lstatSync(join(dir, 'fifo')).isFIFO())
})

t.test('a stop ends the comparison with a slow source', async (t) => {
  const source = await startSource('x'.repeat(1_000_000), 100)
  t.teardown(() => source.stop())
  const run = walk(['--url', source.url], t.testdir({ '3.txt': 'mine' }))
  while (source.requests === 0) await sleep(10)
  run.child.kill('SIGINT')
  const { status, stderr } = await run.finished
  t.equal(status, 130)
  t.match(stderr, /^demo: [^\n]+\n$/)
})

t.test('bad input prints one line, ends with its exit status and writes no wrong 3.txt', async (t) => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const rows = [
    { name: 'an unknown flag', args: ['--nonsense'], status: 2 },
    { name: 'an unknown short flag', args: ['-x'], status: 2 },
    { name: 'a step of 0', args: ['--step', '0'], status: 2 },
    { name: 'a step of x', args: ['--step', 'x'], status: 2 },
    { name: 'a step of -4', args: ['--step=-4'], status: 2 },
    { name: 'a step of -4 as a word of its own', args: ['--step', '-4'], status: 2 },
    { name: 'a step of 4.5', args: ['--step', '4.5'], status: 2 },
    { name: 'a step of 1e3', args: ['--step', '1e3'], status: 2 },
    { name: 'a step that is empty', args: ['--step', ''], status: 2 },
    { name: 'a step in other digits', args: ['--step', '٤'], status: 2 },
    { name: 'a step without a value', args: ['--step'], status: 2 },
    { name: 'a delay of x', args: ['--delay', 'x'], status: 2 },
    { name: 'a stray argument', args: ['3.txt'], status: 2 },
    { name: 'a path as --file', args: ['--file', '../package.json'], status: 2 },
    { name: 'a parent folder as --file', args: ['--file', '..'], status: 2 },
    { name: 'an empty --out', args: ['--out', ''], status: 2 },
    { name: 'an invalid port', args: ['--port', '65536'], status: 2 },
    { name: 'an invalid URL', args: ['--url', 'nonsense'], status: 2 },
    { name: 'a missing file', args: ['--port', '0', '--file', 'nothing.txt'], status: 4 },
    { name: 'a port in use', args: ['--port', String(port)], status: 13 },
    { name: 'a missing directory', args: ['--port', '0', '--out', 'no/3.txt'], status: 9 },
    { name: 'a directory as output', args: ['--port', '0', '--out', 'dir'], status: 9 },
  ]
  for (const { name, args, status } of rows) {
    const dir = t.testdir({})
    mkdirSync(join(dir, 'dir'))
    const outcome = await walk(args, dir).finished
    t.equal(outcome.status, status, name)
    t.match(outcome.stderr, /^demo: [^\n]+\n$/, `${name}: one line`)
    t.strictSame(readdirSync(dir), ['dir'], `${name}: nothing is left behind`)
  }
})

t.test('an unwritable directory is an error', async (t) => {
  const dir = t.testdir({ locked: {} })
  execFileSync('chmod', ['555', join(dir, 'locked')])
  const command = withoutPrivileges(process.execPath, [DEMO, '--port', '0', '--out', 'locked/3.txt'])
  const { status, stderr } = await start(...command, dir).finished
  t.equal(status, 9)
  t.match(stderr, /^demo: cannot write .*permission denied.*\n$/)
})

t.test('--help and -h list every flag, status and file, in 80 columns', async (t) => {
  const dir = t.testdir({})
  const { status, stdout } = await walk(['--help'], dir).finished
  t.equal(status, 0)
  for (const flag of ['--step', '--file', '--out', '--delay', '--fresh', '--port', '--url'])
    t.match(stdout, flag)
  const [, help = ''] = stdout.split('\nExit status\n')
  const statuses = [...help.matchAll(/^ {2}(\d+) /gm)].map(([, status]) => Number(status))
  t.strictSame(statuses, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 130, 141])
  t.notMatch(
    help,
    /range-get|-o -|--overwrite|of this run/,
    'nothing is about options that the demo does not have',
  )
  for (const file of readdirSync(`${REPOSITORY}demo-server/files`)) t.match(stdout, file)
  for (const line of stdout.split('\n')) t.ok(line.length <= 80, line)
  t.strictSame(await walk(['-h'], dir).finished, { status, signal: null, stdout, stderr: '' })
})

t.test('a missing file is reported with the files that there are', async (t) => {
  const { status, stderr } = await walk(['--port', '0', '--file', 'nothing.txt'], t.testdir({})).finished
  t.equal(status, 4)
  const files = readdirSync(`${REPOSITORY}demo-server/files`).sort().join(', ')
  t.equal(stderr, `demo: the demo server has no file "nothing.txt"; it has ${files}\n`)
})

t.test('of two demos on one output, the second fails with BUSY', async (t) => {
  const dir = t.testdir({})
  const first = walk(['--port', '0', '--delay', '100'], dir)
  await first.printed(/step 2:/)
  const second = await walk(['--port', '0'], dir).finished
  t.equal(second.status, 10)
  t.match(second.stderr, /another process \(\d+\) is downloading/)
  first.child.kill('SIGINT')
  await first.finished
})

t.test('an existing equal 3.txt is not changed', async (t) => {
  const source = await startSource(TEXT)
  t.teardown(() => source.stop())
  const dir = t.testdir({})
  const path = join(dir, '3.txt')
  writeFileSync(path, TEXT)
  const before = sha256(path)
  const { status, stdout } = await walk(['--url', source.url], dir).finished
  t.equal(status, 0)
  t.match(stdout, /3\.txt is complete/)
  t.equal(sha256(path), before)
  t.strictSame(source.ranges, [])
})
