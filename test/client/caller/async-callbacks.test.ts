// Asynchronous callbacks and arguments of a caller: a rejection ends the download, but never the program.
import { DownloadError, type DownloadOptions, download } from 'range-get'
import t, { type Test } from 'tap'
import { answerHonestly, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names, QUICK } from '../support/run.ts'

const MINE = new TypeError("the caller's own")
const URL_ = 'http://127.0.0.1:1/x'
const CONTENT = makeContent(200_000)

/** For what the compiler would not let through. */
const call = download as (
  url: unknown,
  destination: unknown,
  options?: unknown,
) => ReturnType<typeof download>

async function failureOf(run: ReturnType<typeof download>): Promise<unknown> {
  return await run.finished.then(
    () => null,
    (error: unknown) => error,
  )
}

/** Rejections that are not handled. */
function unhandled(t: Test): unknown[] {
  const reasons: unknown[] = []
  const note = (reason: unknown): void => void reasons.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  return reasons
}

async function serve(t: Test): Promise<string> {
  const server = await startHostile((request, socket) => answerHonestly(resource(CONTENT), request, socket))
  t.teardown(() => server.stop())
  return server.url
}

const thenable = Object.defineProperty({}, 'then', {
  value: (_: unknown, reject: (error: unknown) => void) => reject(MINE),
})
const listeners: Record<string, NonNullable<DownloadOptions['onSegment']>> = {
  'is rejected at once': async () => {
    throw MINE
  },
  'is rejected after the last byte': ({ received, total }) =>
    new Promise((resolve, reject) =>
      received === total ? setTimeout(() => reject(MINE), 50) : resolve(undefined),
    ),
  'is rejected at the second answer': async ({ range }) => {
    if (range !== null && !range.startsWith('bytes=0-')) throw MINE
  },
  'comes from another program': () => thenable as unknown as Promise<void>,
  'cannot be read': () =>
    Object.defineProperty({}, 'then', {
      get: () => {
        throw MINE
      },
    }) as Promise<void>,
}

for (const [name, onSegment] of Object.entries(listeners)) {
  t.test(`a listener whose promise ${name} ends the download with its error as the cause`, async (t) => {
    const reasons = unhandled(t)
    const url = await serve(t)
    const dir = t.testdir({})
    const options = { ...QUICK, onSegment, segmentSize: 50_000, connections: 1 }
    const failure = await failureOf(download(`${url}/x`, `${dir}/x`, options))
    t.ok(failure instanceof DownloadError, String(failure))
    t.equal(failure instanceof DownloadError ? failure.code : null, 'ERR_DOWNLOAD_USAGE')
    t.equal(failure instanceof DownloadError ? failure.cause : null, MINE)
    t.notOk(names(dir).includes('x'), 'the file has no name')
    t.strictSame(reasons, [])
  })
}

t.test('the download waits for the promises of a listener', async (t) => {
  const url = await serve(t)
  const dir = t.testdir({})
  let kept = 0
  const onSegment = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    t.notOk(names(dir).includes('x'), 'until then the file has no name')
    kept++
  }
  await download(`${url}/x`, `${dir}/x`, { ...QUICK, onSegment, segmentSize: 50_000 }).finished
  t.equal(kept, 4)
})

t.test('a stop ends a download whose listener never settles its promise', async (t) => {
  const url = await serve(t)
  const dir = t.testdir({})
  const stop = new AbortController()
  const onSegment = (): Promise<void> => {
    setTimeout(() => stop.abort(), 50)
    return new Promise(() => undefined)
  }
  const failure = await failureOf(
    download(`${url}/x`, `${dir}/x`, { ...QUICK, onSegment, signal: stop.signal }),
  )
  t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_ABORTED')
})

t.test('a listener whose promise is rejected after another failure changes nothing', async (t) => {
  const reasons = unhandled(t)
  const url = await serve(t)
  const dir = t.testdir({})
  const onSegment = (): Promise<void> =>
    new Promise((_, reject) => {
      setTimeout(() => reject(MINE), 100)
    })
  const checksum = `sha-256=${'0'.repeat(64)}`
  const stop = new AbortController()
  const run = download(`${url}/x`, `${dir}/x`, { ...QUICK, onSegment, checksum, signal: stop.signal })
  const stopped = setTimeout(() => stop.abort(), 20)
  const failure = await failureOf(run)
  clearTimeout(stopped)
  t.ok(failure instanceof DownloadError)
  await new Promise((resolve) => setTimeout(resolve, 150))
  t.strictSame(reasons, [])
})

const refused: Record<string, () => readonly unknown[]> = {
  'options that are a promise': () => [URL_, 'x', Promise.reject(MINE)],
  'a destination that is a promise': () => [URL_, Promise.reject(MINE)],
  'a directory that is a promise': () => [URL_, { directory: Promise.reject(MINE) }],
  'headers that are a promise': () => [URL_, 'x', { headers: Promise.reject(MINE) }],
  'headers from an asynchronous function': () => [URL_, 'x', { headers: async () => ({}) }],
  'a header that is a promise': () => [URL_, 'x', { headers: { 'x-a': Promise.reject(MINE) } }],
  'a pair that is a promise': () => [URL_, 'x', { headers: [Promise.reject(MINE)] }],
  'a value that is a promise': () => [URL_, 'x', { headers: [['x-a', Promise.reject(MINE)]] }],
  'headers with an asynchronous iterator': () => [
    URL_,
    'x',
    { headers: { [Symbol.iterator]: async () => Promise.reject(MINE) } },
  ],
  'headers with an asynchronous next()': () => [
    URL_,
    'x',
    { headers: { [Symbol.iterator]: () => ({ next: async () => Promise.reject(MINE) }) } },
  ],
  'headers that can be iterated asynchronously only': () => [
    URL_,
    'x',
    { headers: { async *[Symbol.asyncIterator]() {} } },
  ],
  'headers without an end': () => [
    URL_,
    'x',
    {
      headers: (function* () {
        for (;;) yield ['x-a', 'b']
      })(),
    },
  ],
  'a signal whose addEventListener is asynchronous': () => [
    URL_,
    'x',
    {
      signal: {
        aborted: false,
        addEventListener: async () => Promise.reject(MINE),
        removeEventListener: () => undefined,
      },
    },
  ],
  ...Object.fromEntries(
    ['checksum', 'connections', 'existing', 'onSegment', 'proxy', 'resumeKey', 'signal', 'headers'].map(
      (name) => [
        `a getter of ${name} that is asynchronous`,
        () => [
          URL_,
          'x',
          Object.defineProperty({}, name, { get: async () => Promise.reject(MINE), enumerable: true }),
        ],
      ],
    ),
  ),
}

for (const [name, makeArguments] of Object.entries(refused)) {
  t.test(`${name} is a usage error, and no rejection is left`, async (t) => {
    const reasons = unhandled(t)
    const [url, destination, options] = makeArguments()
    const failure = await failureOf(call(url, destination, options))
    t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_USAGE')
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(reasons, [])
  })
}

t.test('a signal with asynchronous removeEventListener and reason leaves no rejection', async (t) => {
  const reasons = unhandled(t)
  const url = await serve(t)
  const dir = t.testdir({})
  const newSignal = (aborted: boolean): object => ({
    aborted,
    reason: aborted ? Promise.reject(MINE) : undefined,
    addEventListener: () => undefined,
    removeEventListener: async () => Promise.reject(MINE),
  })
  t.equal((await call(`${url}/x`, `${dir}/x`, { ...QUICK, signal: newSignal(false) }).finished).size, 200_000)
  const failure = await failureOf(call(`${url}/y`, `${dir}/y`, { ...QUICK, signal: newSignal(true) }))
  t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_ABORTED')
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(reasons, [])
})
