// A pause stops reading, and a stop ends a pause at once: with keys, with signals, and through the library.
import { spawnSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Download, type DownloadOptions, download } from 'range-get'
import t from 'tap'
import { CLI } from '../../support/cli.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { spawnCommand } from '../support/command.ts'
import { head, makeContent, resource, type Script, send, startHostile } from '../support/hostile-server.ts'
import { recorded } from '../support/kill.ts'
import { names, QUICK, readOrNull } from '../support/run.ts'
import { type SlowServer, startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(40_000_000)
const A = resource(CONTENT)
/** Bytes that may be in the buffers of both sides when a pause or a stop comes. */
const BUFFERED_BYTES = 3_000_000
/** Longer than a stop takes on a busy machine, and shorter than a stop that waits for something. */
const AT_ONCE_MS = 2000

// Real processes and files, on a machine that may be busy.
t.setTimeout(120_000)

/** How long `ended` takes, in ms. */
async function timeOf(ended: Promise<unknown>): Promise<number> {
  const start = performance.now()
  await ended
  return performance.now() - start
}

interface Paused {
  readonly run: Download
  readonly stop: AbortController
}

async function isPaused(run: Download): Promise<void> {
  for await (const { state } of run) if (state === 'paused') return
}

async function pauseMidway(server: SlowServer, dir: string, options: DownloadOptions = {}): Promise<Paused> {
  const stop = new AbortController()
  const run = download(`${server.url}/file.bin`, join(dir, 'file.bin'), {
    ...QUICK,
    ...options,
    signal: stop.signal,
  })
  for await (const { received } of run) if (received > 500_000) break
  run.pause()
  await isPaused(run)
  return { run, stop }
}

for (const [name, options, ranges] of [
  ['one connection', { connections: 1 }, true],
  ['four connections', { connections: 4 }, true],
  ['small segments', { connections: 2, segmentSize: 20_000 }, true],
  ['a limited rate', { connections: 2, limitRate: 50_000_000 }, true],
  ['a pause between segments', { connections: 2, segmentSize: 500_000, delay: 100 }, true],
  ['a server without ranges', { connections: 4 }, false],
] as const) {
  t.test(`abort() after pause() ends at once, and no more requests are sent (${name})`, async (t) => {
    const server = await startSlow(A, 256 * 1024)
    t.teardown(() => server.stop())
    server.ignoresRanges = !ranges
    const dir = t.testdir({})
    const { run, stop } = await pauseMidway(server, dir, options)
    await sleep(300)
    const { served } = server
    const asked = server.requests.length
    await sleep(300)
    t.ok(server.served - served <= BUFFERED_BYTES, `${server.served - served} bytes sent during the pause`)
    t.equal(server.requests.length, asked, 'no request is sent during the pause')
    const rejected = t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    stop.abort()
    t.ok((await timeOf(rejected)) < AT_ONCE_MS, 'it ends at once')
    t.equal(server.requests.length, asked, 'no request is sent after the stop')
    await sleep(100)
    t.ok(server.served - served <= BUFFERED_BYTES, `${server.served - served} bytes sent since the pause`)
    t.notOk(names(dir).includes('file.bin'))
    t.notOk(names(dir).includes('file.bin.part.lock'))
  })
}

t.test('a download that is stopped in a pause is resumed by the next run', async (t) => {
  const server = await startSlow(A, 1024 * 1024)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { run, stop } = await pauseMidway(server, dir, { connections: 2 })
  stop.abort()
  await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  const result = await download(`${server.url}/file.bin`, join(dir, 'file.bin'), QUICK).finished
  t.ok(result.resumed > 0, `${result.resumed} bytes`)
  sameBytes(t, readOrNull(result.path), CONTENT)
})

t.test('pause() and abort() in the same turn end a download at once, at any moment', async (t) => {
  const server = await startSlow(A, 256 * 1024)
  t.teardown(() => server.stop())
  for (const wait of [0, 1, 2, 5, 10, 30, 100]) {
    const stop = new AbortController()
    const run = download(`${server.url}/file.bin`, join(t.testdir({}), 'file.bin'), {
      ...QUICK,
      signal: stop.signal,
    })
    await sleep(wait)
    run.pause()
    stop.abort()
    const rejected = t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    t.ok((await timeOf(rejected)) < AT_ONCE_MS, `after ${wait} ms`)
    const asked = server.requests.length
    await sleep(20)
    t.equal(server.requests.length, asked, 'no more requests are sent')
  }
})

t.test('a pause takes effect before an answer, during a wait, and while nothing comes', async (t) => {
  const rows: readonly (readonly [string, Script])[] = [
    ['no answer', () => undefined],
    ['bytes that are not HTTP', (_request, socket) => void socket.end('220 mail ready\r\n')],
    ['a 503', (_request, socket) => void socket.write(head('503 No', { 'content-length': 0 }))],
    [
      'a small file that comes byte by byte',
      async (_request, socket) => {
        socket.write(head('200 OK', { etag: '"x"', 'content-length': 1000 }))
        for (let at = 0; at < 1000 && !socket.destroyed; at++) {
          await send(socket, 'x')
          await sleep(50)
        }
      },
    ],
  ]
  for (const [name, script] of rows) {
    const server = await startHostile(script)
    t.teardown(() => server.stop())
    const stop = new AbortController()
    const run = download(`${server.url}/file.bin`, join(t.testdir({}), 'file.bin'), {
      ...QUICK,
      retryDelay: 60_000,
      maxRetryDelay: 60_000,
      stallTimeout: 60_000,
      signal: stop.signal,
    })
    while (server.requests.length === 0) await sleep(5)
    await sleep(50)
    run.pause()
    await isPaused(run)
    await sleep(200)
    const { received } = run.progress
    await sleep(300)
    t.equal(run.progress.received, received, `${name}: nothing is received during the pause`)
    stop.abort()
    const rejected = t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
    t.ok((await timeOf(rejected)) < AT_ONCE_MS, name)
  }
})

t.test('a pause aborts a segment that is very slow, and resume() continues it', async (t) => {
  const content = makeContent(20_000)
  const server = await startSlow(resource(content), 100)
  t.teardown(() => server.stop())
  const run = download(`${server.url}/file.bin`, join(t.testdir({}), 'file.bin'), {
    ...QUICK,
    connections: 1,
    segmentSize: 10_000,
  })
  for await (const { received } of run) if (received > 500) break
  run.pause()
  await isPaused(run)
  await sleep(600)
  const { received } = run.progress
  t.ok(received >= 500 && received < 19_000, `${received} bytes`)
  await sleep(200)
  t.equal(run.progress.received, received)
  run.resume()
  const { path } = await run.finished
  sameBytes(t, readOrNull(path), content)
})

t.test('a stop ends a run at once while it watches a lock that may be abandoned', async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const lock = join(dir, 'file.bin.part.lock')
  writeFileSync(lock, JSON.stringify({ token: 'x', pid: 1, started: '1', place: 'elsewhere boot ns' }))
  utimesSync(lock, new Date(0), new Date(0))
  const stop = new AbortController()
  const run = download(`${server.url}/file.bin`, join(dir, 'file.bin'), { ...QUICK, signal: stop.signal })
  await sleep(300)
  const rejected = t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  stop.abort()
  t.ok((await timeOf(rejected)) < AT_ONCE_MS)
  t.strictSame(names(dir), ['file.bin.part.lock'], 'the lock stays as it was')
  t.equal(server.requests.length, 0)
})

for (const [name, typed, status] of [
  ['q', 'q', 130],
  ['Ctrl-C', '\u0003', 130],
  ['SIGTERM', null, 143],
] as const) {
  t.test(`the command ends at once after p and ${name}`, { skip: withoutScript() }, async (t) => {
    const server = await startSlow(A, 256 * 1024)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const line = `echo $$; exec ${process.execPath} ${CLI} -o file.bin ${server.url}/file.bin`
    const run = spawnCommand('script', ['-qec', line, '/dev/null'], { cwd: dir })
    let shown = ''
    run.child.stdout?.on('data', (text: string) => {
      shown += text
    })
    while (recorded(dir) === 0) await sleep(10)
    run.child.stdin?.write('p')
    while (!shown.includes('paused')) await sleep(10)
    await sleep(300)
    const { served } = server
    const asked = server.requests.length
    if (typed === null) process.kill(Number.parseInt(shown, 10), 'SIGTERM')
    else run.child.stdin?.write(typed)
    const time = await timeOf(run.ended)
    t.ok(time < AT_ONCE_MS, `${time} ms`)
    t.equal((await run.ended).status, status)
    t.ok(server.served - served <= BUFFERED_BYTES, `${server.served - served} bytes sent`)
    t.equal(server.requests.length, asked, 'no more requests are sent')
    t.strictSame(names(dir), ['file.bin.part', 'file.bin.part.json'])
  })
}

function withoutScript(): string | false {
  const { status, stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes('util-linux') ? false : 'no script(1) of util-linux here'
}
