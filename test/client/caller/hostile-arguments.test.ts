// Arguments whose getters, traps, iterators or methods throw: a usage error through `finished`, with their error as its cause.
import { getEventListeners } from 'node:events'
import { DownloadError, download } from 'range-get'
import t, { type Test } from 'tap'
import { answerHonestly, makeContent, resource, startHostile } from '../support/hostile-server.ts'
import { names, QUICK } from '../support/run.ts'

const URL_ = 'http://127.0.0.1:1/x'
const MINE = new TypeError("the caller's own")

/** For what the compiler would not let through. */
const call = download as (
  url: unknown,
  destination: unknown,
  options?: unknown,
) => ReturnType<typeof download>

const fail = (): never => {
  throw MINE
}

/** An object whose property `name` throws when it is read. */
const throwing = (name: PropertyKey, target: object = {}): object =>
  Object.defineProperty(target, name, { get: fail, enumerable: true })

/** A Proxy that throws in each of these traps. */
const TRAPS = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'] as const
const trapped = (target: object): object =>
  new Proxy(target, Object.fromEntries(TRAPS.map((name) => [name, fail])))

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const OPTIONS = [
  ...['connections', 'segmentSize', 'retries', 'retryDelay', 'maxRetryDelay', 'connectTimeout'],
  ...['stallTimeout', 'maxRedirects', 'limitRate', 'minRate', 'delay', 'checksum', 'resumeKey', 'proxy'],
  ...['resume', 'existing', 'html', 'modified', 'onSegment', 'headers', 'signal'],
]

const withSignal = (name: string): object => ({ signal: throwing(name, new AbortController().signal) })

const cases: Readonly<Record<string, () => readonly unknown[]>> = {
  ...Object.fromEntries(OPTIONS.map((name) => [`a getter of ${name}`, () => [URL_, 'x', throwing(name)]])),
  ...Object.fromEntries(
    OPTIONS.map((name) => [
      `an inherited getter of ${name}`,
      () => [URL_, 'x', Object.create(throwing(name))],
    ]),
  ),
  ...Object.fromEntries(
    TRAPS.map((trap) => [
      `options with a trap of ${trap}`,
      () => [URL_, 'x', new Proxy({ retries: 0 }, { [trap]: fail })],
    ]),
  ),
  'options that are trapped': () => [URL_, 'x', trapped({})],
  'options that are iterable by a getter': () => [URL_, 'x', new Proxy({}, { has: fail })],
  'headers with a getter': () => [URL_, 'x', { headers: throwing('accept') }],
  'headers that are trapped': () => [URL_, 'x', { headers: trapped({}) }],
  'headers with a getter of the iterator': () => [URL_, 'x', { headers: throwing(Symbol.iterator) }],
  'headers whose iterator throws': () => [URL_, 'x', { headers: { [Symbol.iterator]: fail } }],
  'headers whose iteration throws': () => [
    URL_,
    'x',
    { headers: { [Symbol.iterator]: () => ({ next: fail }) } },
  ],
  'a pair with a getter': () => [URL_, 'x', { headers: [throwing(0, ['', 'b'])] }],
  'a pair that is trapped': () => [URL_, 'x', { headers: [new Proxy(['a', 'b'], { get: fail })] }],
  'a signal that is trapped': () => [URL_, 'x', { signal: trapped(new AbortController().signal) }],
  ...Object.fromEntries(
    ['aborted', 'addEventListener', 'removeEventListener'].map((name) => [
      `a signal with a getter of ${name}`,
      () => [URL_, 'x', withSignal(name)],
    ]),
  ),
  'a signal that takes no listener': () => [
    URL_,
    'x',
    { signal: { aborted: false, addEventListener: fail, removeEventListener: () => undefined } },
  ],
  'a destination with a getter': () => [URL_, throwing('directory')],
  'a destination that is trapped': () => [URL_, trapped({ directory: '.' })],
  'a URL with a getter': () => [throwing('href'), 'x'],
  'a URL that is trapped': () => [trapped(new URL(URL_)), 'x'],
}

async function failureOf(run: ReturnType<typeof download>): Promise<unknown> {
  return await run.finished.then(
    () => null,
    (error: unknown) => error,
  )
}

for (const [name, makeArguments] of Object.entries(cases)) {
  t.test(`${name} is a usage error that has its cause`, async (t) => {
    const [url, destination, options] = makeArguments()
    const failure = await failureOf(call(url, destination, options))
    t.ok(failure instanceof DownloadError, String(failure))
    t.equal(failure instanceof DownloadError ? failure.code : null, 'ERR_DOWNLOAD_USAGE')
    t.equal(failure instanceof DownloadError ? failure.cause : null, MINE)
  })
}

t.test('a revoked proxy, or anything but a signal, is a usage error', async (t) => {
  const rows: readonly (readonly unknown[])[] = [
    [revoked(), 'x'],
    [URL_, revoked()],
    [URL_, 'x', revoked()],
    [URL_, 'x', { headers: revoked() }],
    [URL_, 'x', { headers: [revoked()] }],
    [URL_, 'x', { signal: revoked() }],
    [URL_, 'x', { signal: { aborted: false, addEventListener: 1 } }],
    [URL_, 'x', { signal: { aborted: 'no', addEventListener: fail, removeEventListener: fail } }],
    [URL_, 'x', { toString: fail }],
  ]
  for (const [url, destination, options] of rows) {
    const failure = await failureOf(call(url, destination, options))
    t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_USAGE')
  }
})

async function serve(t: Test): Promise<string> {
  const server = await startHostile((request, socket) =>
    answerHonestly(resource(makeContent(1000)), request, socket),
  )
  t.teardown(() => server.stop())
  return server.url
}

t.test('every argument is read once, and later changes have no effect', async (t) => {
  const url = await serve(t)
  const dir = t.testdir({})
  const reads = new Map<PropertyKey, number>()
  const counted = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, name) => {
        reads.set(name, (reads.get(name) ?? 0) + 1)
        return Reflect.get(object, name)
      },
    })
  const options = counted({ ...QUICK, connections: 1, limitRate: 1_000_000, minRate: 1, resumeKey: 'k' })
  await call(counted(new URL(`${url}/x`)), counted({ directory: dir }), options).finished
  t.strictSame(names(dir), ['x'])
  t.strictSame(
    [...reads].filter(([, count]) => count > 1),
    [],
  )
})

t.test('a listener that throws ends the download with its error as the cause', async (t) => {
  const url = await serve(t)
  const dir = t.testdir({})
  const failure = await failureOf(download(`${url}/x`, `${dir}/x`, { ...QUICK, onSegment: fail }))
  t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_USAGE')
  t.equal(failure instanceof DownloadError ? failure.cause : failure, MINE)
})

t.test('a signal that throws when it is aborted or released changes nothing', async (t) => {
  const url = await serve(t)
  const dir = t.testdir({})
  const listeners: (() => void)[] = []
  const newSignal = (): object =>
    throwing('reason', {
      aborted: false,
      addEventListener: (_: string, listener: () => void) => listeners.push(listener),
      removeEventListener: fail,
    })
  const done = await call(`${url}/x`, `${dir}/x`, { ...QUICK, signal: newSignal() }).finished
  t.equal(done.size, 1000)
  const run = call(`${url}/y`, `${dir}/y`, { ...QUICK, signal: newSignal() })
  listeners[1]?.()
  const failure = await failureOf(run)
  t.equal(failure instanceof DownloadError ? failure.code : failure, 'ERR_DOWNLOAD_ABORTED')
})

t.test('an abort keeps its reason as the cause, whatever that is', async (t) => {
  const url = await serve(t)
  for (const reason of [MINE, 'text', null, new DownloadError('ERR_DOWNLOAD_NETWORK', 'x')]) {
    const stop = new AbortController()
    stop.abort(reason)
    const early = await failureOf(
      download(`${url}/x`, `${t.testdir({})}/x`, { ...QUICK, signal: stop.signal }),
    )
    t.match(early, { code: 'ERR_DOWNLOAD_ABORTED', cause: reason })
    const late = new AbortController()
    const run = download(`${url}/x`, `${t.testdir({})}/x`, { ...QUICK, signal: late.signal })
    late.abort(reason)
    t.match(await failureOf(run), { code: 'ERR_DOWNLOAD_ABORTED', cause: reason })
    t.strictSame(getEventListeners(late.signal, 'abort'), [])
  }
})
