// Several downloads into one folder, also with long names. Each has its own part file.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { download } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import {
  answerHonestly,
  honest,
  makeContent,
  part,
  resource,
  send,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { recorded } from '../support/kill.ts'
import { names, QUICK, readOrNull } from '../support/run.ts'

const SIZE = 600_000
const IDS = [1, 2, 3, 4, 5]
const contentOf = (id: number): Buffer => makeContent(SIZE, `file ${id}`)
const idOf = (path: string): number => Number(/\d+/.exec(path)?.[0])

t.setTimeout(120_000)

/** Serves files that differ only in their URLs until the answer names them. Slowly, unless `isFast` returns true. */
async function startNaming() {
  const pace = { isFast: false, served: 0, pauseMs: 10 }
  const server = await startHostile(async (request, socket) => {
    const id = idOf(request.path)
    const file = resource(contentOf(id), { 'content-disposition': `attachment; filename="file-${id}.bin"` })
    const range = wanted(request, SIZE)
    if (pace.isFast || range === null) return answerHonestly(file, request, socket)
    socket.write(part(range, SIZE, file.fields))
    for (let at = range.start; at < range.end && !socket.destroyed; at += 8192) {
      await send(socket, file.content.subarray(at, Math.min(range.end, at + 8192)))
      pace.served += 8192
      await sleep(pace.pauseMs)
    }
  })
  return { server, pace }
}

for (const [name, path] of [
  ['the query', (id: number) => `/download?id=${id}`],
  ['a folder', (id: number) => `/files/${id}/download`],
  ['the query of a URL without a path', (id: number) => `/?${id}`],
] as const) {
  t.test(`five downloads into one folder at once finish (they differ in ${name})`, async (t) => {
    const { server, pace } = await startNaming()
    t.teardown(() => server.stop())
    pace.isFast = true
    const dir = t.testdir({})
    const runs = IDS.map((id) => download(server.url + path(id), { directory: dir }, QUICK).finished)
    const results = await Promise.all(runs)
    t.strictSame(
      results.map((result) => result.path),
      IDS.map((id) => join(dir, `file-${id}.bin`)),
    )
    for (const id of IDS) sameBytes(t, readOrNull(join(dir, `file-${id}.bin`)), contentOf(id))
    t.equal(names(dir).length, 5, 'there is no other file')
  })
}

t.test('each of several interrupted downloads is resumed', async (t) => {
  const { server, pace } = await startNaming()
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const url = (id: number): string => `${server.url}/download?id=${id}`
  for (const [index, id] of IDS.entries()) {
    const before = pace.served
    const run = rangeGet(['-q', '-n', '1', url(id)], dir)
    const hasJournal = (): boolean => recorded(dir) > index
    while (pace.served < before + SIZE / 3 || !hasJournal()) await sleep(10)
    run.child.kill(id % 2 === 0 ? 'SIGKILL' : 'SIGINT')
    await run.ended
  }
  t.equal(names(dir).filter((name) => name.endsWith('.part')).length, 5)
  pace.isFast = true
  for (const id of [3, 5, 1, 4, 2]) {
    const { result, resumed } = await finish(url(id), dir)
    t.equal(result, 0)
    t.ok(resumed > 0, `${id}: ${resumed} bytes from before`)
    sameBytes(t, readOrNull(join(dir, `file-${id}.bin`)), contentOf(id))
  }
  t.strictSame(
    names(dir),
    IDS.map((id) => `file-${id}.bin`),
    'there is no other file',
  )
})

async function finish(url: string, dir: string): Promise<{ result: number | null; resumed: number }> {
  const { status, stdout } = await rangeGet(['--json', url], dir).ended
  const { resumed = 0 } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
  return { result: status, resumed }
}

t.test('the same URL twice at once is downloaded once', async (t) => {
  const { server, pace } = await startNaming()
  // The first run must not end before the second has looked for its lock, even on a busy machine.
  pace.pauseMs = 300
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const first = rangeGet(['-q', `${server.url}/download?id=1`], dir)
  while (names(dir).filter((name) => name.endsWith('.lock')).length === 0) await sleep(10)
  const second = await rangeGet(['-q', `${server.url}/download?id=1`], dir).ended
  t.equal(second.status, 10)
  t.match(second.stderr, /another process \(\d+\) is downloading to /)
  pace.pauseMs = 0
  t.equal((await first.ended).status, 0)
})

t.test('the part file of another program stays as it is', async (t) => {
  const server = await startHostile(honest(resource(contentOf(1))))
  t.teardown(() => server.stop())
  const dir = t.testdir({ 'file.bin.part': 'of a browser' })
  t.equal((await rangeGet(['-q', `${server.url}/file.bin`], dir).ended).status, 0)
  t.equal(readFileSync(join(dir, 'file.bin.part'), 'utf8'), 'of a browser')
  t.strictSame(names(dir), ['file.bin', 'file.bin.part'])
})

t.test('a file with a name of up to 255 bytes is downloaded and resumed', async (t) => {
  const { server, pace } = await startNaming()
  t.teardown(() => server.stop())
  for (const length of [200, 201, 208, 209, 210, 240, 255]) {
    for (const filling of ['x', '世']) {
      const dir = t.testdir({})
      const count = Math.floor((length - 4) / Buffer.byteLength(filling))
      const name = `${filling.repeat(count)}.bin`.padStart(
        length - count * (Buffer.byteLength(filling) - 1),
        'a',
      )
      t.equal(Buffer.byteLength(name), length)
      pace.isFast = false
      const before = pace.served
      const url = `${server.url}/download?id=1`
      const run = rangeGet(['-q', '-n', '1', '-o', name, url], dir)
      while (pace.served < before + 100_000 || recorded(dir) === 0) await sleep(5)
      run.child.kill('SIGKILL')
      await run.ended
      pace.isFast = true
      const { status, stdout, stderr } = await rangeGet(['--json', '-o', name, url], dir).ended
      t.equal(status, 0, stderr)
      t.ok(JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}').resumed > 0, 'resumed')
      t.strictSame(names(dir), [name])
    }
  }
})

t.test('two downloads with long names that begin alike finish at once', async (t) => {
  const { server, pace } = await startNaming()
  t.teardown(() => server.stop())
  pace.isFast = true
  const dir = t.testdir({})
  const files = IDS.map((id) => `${'x'.repeat(250)}${id}`)
  const runs = IDS.map(
    (id) => download(`${server.url}/download?id=${id}`, join(dir, files[id - 1] ?? ''), QUICK).finished,
  )
  await Promise.all(runs)
  for (const id of IDS) sameBytes(t, readOrNull(join(dir, files[id - 1] ?? '')), contentOf(id))
  t.strictSame(names(dir), files)
})

t.test('a file can have the name of an option, a home folder or a device', async (t) => {
  const { server, pace } = await startNaming()
  t.teardown(() => server.stop())
  pace.isFast = true
  const rows = [
    ['-rf', '_-rf'],
    ['~root', '_~root'],
    ['LPT1%20.txt', '_LPT1 .txt'],
    ['%E3%85%A4', 'download'],
    ['a%E3%85%A4.txt', 'a.txt'],
    ['x.part.json', 'x.part.json_'],
  ] as const
  const plain = await startHostile(honest(resource(contentOf(1))))
  t.teardown(() => plain.stop())
  for (const [segment, want] of rows) {
    const dir = t.testdir({})
    const { status, stderr } = await rangeGet([`${plain.url}/${segment}`], dir).ended
    t.equal(status, 0, stderr)
    t.strictSame(names(dir), [want])
  }
  const dir = t.testdir({})
  for (const name of ['-rf', '~root']) {
    const { status, stderr } = await rangeGet([`--output=${name}`, `${plain.url}/x`], dir).ended
    t.equal(status, 0, stderr)
    t.match(stderr, `./${name}: `, 'the message shows the name so that it can be copied')
    t.ok(existsSync(join(dir, name)))
  }
})
