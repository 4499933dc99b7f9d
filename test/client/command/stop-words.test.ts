// The message of a stop: whether the download can be resumed.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DownloadError, type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import {
  head,
  makeContent,
  part,
  resource,
  type Script,
  send,
  startHostile,
} from '../support/hostile-server.ts'
import { names, QUICK } from '../support/run.ts'

const CONTENT = makeContent(1_000_000)
const A = resource(CONTENT)

/** Sends half of the body, and then nothing. */
const half =
  (makeHead: string): Script =>
  async (request, socket) => {
    if (request.index > 0) return
    await send(socket, makeHead)
    await send(socket, CONTENT.subarray(0, 500_000))
  }

interface Row {
  name: string
  script: Script
  /** Is the stop to come when bytes are there? */
  hasBytes: boolean
  message: string
  left: readonly string[]
}

const rows: Row[] = [
  {
    name: 'nothing is answered',
    script: () => undefined,
    hasBytes: false,
    message: 'stopped; nothing was received that a later run can resume',
    left: [],
  },
  {
    name: 'a head, and no body',
    script: (_, socket) =>
      void socket.write(part({ start: 0, end: CONTENT.length }, CONTENT.length, A.fields)),
    hasBytes: false,
    message: 'stopped; nothing was received that a later run can resume',
    left: [],
  },
  {
    name: 'a 503, waited for',
    script: (_, socket) => void socket.write(head('503 No', { 'content-length': 0 })),
    hasBytes: false,
    message: 'stopped; nothing was received that a later run can resume',
    left: [],
  },
  {
    name: 'half of a version that can be proven',
    script: half(part({ start: 0, end: CONTENT.length }, CONTENT.length, A.fields)),
    hasBytes: true,
    message: 'stopped; what was received can be resumed',
    left: ['file.bin.part', 'file.bin.part.json'],
  },
  {
    name: 'half of a version without a validator',
    script: half(head('200 OK', { 'content-length': CONTENT.length })),
    hasBytes: true,
    message:
      'stopped; what was received cannot be resumed: the server sends no strong ETag, no Last-Modified that is old ' +
      'enough and no Repr-Digest. With a checksum (--checksum) it could be',
    left: [],
  },
]

async function stopAfter(t: Test, row: Row, isPaused: boolean) {
  const server = await startHostile(row.script)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const stop = new AbortController()
  const options: DownloadOptions = {
    ...QUICK,
    retryDelay: 60_000,
    maxRetryDelay: 60_000,
    stallTimeout: 60_000,
    signal: stop.signal,
  }
  const run = download(`${server.url}/file.bin`, join(dir, 'file.bin'), options)
  const states: string[] = []
  const followed = (async () => {
    for await (const { state } of run) if (stop.signal.aborted) states.push(state)
  })()
  const isThere = (): boolean => (row.hasBytes ? run.progress.received > 0 : server.requests.length > 0)
  while (!isThere()) await sleep(5)
  await sleep(50)
  if (isPaused) {
    run.pause()
    await sleep(50)
  }
  const before = run.progress.state
  stop.abort()
  const failure: unknown = await run.finished.catch((error: unknown) => error)
  await followed
  return { dir, failure, before, states }
}

for (const row of rows) {
  for (const isPaused of [false, true]) {
    const [said] = row.message.split(':')
    t.test(`${row.name}${isPaused ? ', paused' : ''}: ${said}`, async (t) => {
      const { dir, failure, before, states } = await stopAfter(t, row, isPaused)
      t.ok(failure instanceof DownloadError && failure.code === 'ERR_DOWNLOAD_ABORTED', String(failure))
      t.equal(failure instanceof DownloadError ? failure.message : null, row.message)
      t.strictSame(names(dir), row.left)
      t.strictSame(
        states.filter((state) => state !== before && state !== 'failed'),
        [],
        'no other state comes',
      )
    })
  }
}

t.test('a signal that is already aborted stops before the first request', async (t) => {
  const stop = AbortSignal.abort()
  const run = download('http://127.0.0.1:1/x', join(t.testdir({}), 'x'), { ...QUICK, signal: stop })
  await t.rejects(run.finished, { message: 'stopped' })
})
