// One AbortSignal for many downloads, and for many connections: no warning, and no listener left.
import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { download } from 'range-get'
import t from 'tap'
import { onAbort } from '#client/caller/abort-listeners.js'
import {
  answerHonestly,
  head,
  honest,
  makeContent,
  resource,
  startHostile,
} from '../support/hostile-server.ts'
import { get, names, QUICK } from '../support/run.ts'

const CONTENT = makeContent(20_000)

const warnings: string[] = []
process.on('warning', ({ name, message }) => warnings.push(`${name}: ${message}`))

t.test('a hundred downloads at once add one listener to their signal', async (t) => {
  const server = await startHostile(honest(resource(CONTENT)))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const { signal } = new AbortController()
  const runs = Array.from(
    { length: 100 },
    (_, n) => download(`${server.url}/${n}`, join(dir, `${n}.bin`), { connections: 1, signal }).finished,
  )
  t.equal((await Promise.all(runs)).length, 100)
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('a hundred downloads one after the other leave no listener, however they end', async (t) => {
  const server = await startHostile((request, socket) => {
    if (request.path.startsWith('/no')) socket.write(head('404 No', { 'content-length': 0 }))
    else answerHonestly(resource(CONTENT), request, socket)
  })
  t.teardown(() => server.stop())
  const { signal } = new AbortController()
  const dir = t.testdir({})
  for (let n = 0; n < 100; n++) {
    const url =
      ['file', 'no', 'bad'][n % 3] === 'bad' ? 'ftp://127.0.0.1/x' : `${server.url}/${['file', 'no'][n % 3]}`
    await download(url, join(dir, `${n}.bin`), { ...QUICK, signal }).finished.catch(() => undefined)
    t.strictSame(getEventListeners(signal, 'abort'), [], `after download ${n}`)
  }
})

t.test('an abort ends a hundred downloads', async (t) => {
  const server = await startHostile(() => undefined)
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const stop = new AbortController()
  const runs = Array.from({ length: 100 }, (_, n) =>
    download(`${server.url}/${n}`, join(dir, `${n}.bin`), {
      ...QUICK,
      stallTimeout: 60_000,
      signal: stop.signal,
    }),
  )
  while (server.requests.length < 100) await sleep(10)
  stop.abort()
  for (const { finished } of runs) await t.rejects(finished, { code: 'ERR_DOWNLOAD_ABORTED' })
  t.strictSame(getEventListeners(stop.signal, 'abort'), [])
  t.strictSame(names(dir), [])
})

t.test('many waiting connections add one listener', async (t) => {
  const server = await startHostile(honest(resource(makeContent(200_000))))
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/file.bin`, t.testdir({}), {
    connections: 30,
    segmentSize: 2000,
    delay: 20,
  })
  t.equal(end.code, null, end.message)
})

t.test('many redirects with endless bodies leave no listener', async (t) => {
  const server = await startHostile((request, socket) => {
    const hop = Number(request.path.slice(1))
    if (hop === 15) answerHonestly(resource(CONTENT), request, socket)
    else socket.write(head('302 Found', { location: `/${hop + 1}`, 'content-length': 5 }))
  })
  t.teardown(() => server.stop())
  const end = await get(`${server.url}/0`, t.testdir({}), { maxRedirects: 20 })
  t.equal(end.code, null, end.message)
})

t.test('a listener that is added twice is called twice and removed twice', async (t) => {
  const stop = new AbortController()
  let calls = 0
  const count = (): void => {
    calls++
  }
  const first = onAbort(stop.signal, count)
  const second = onAbort(stop.signal, count)
  t.equal(getEventListeners(stop.signal, 'abort').length, 1)
  first()
  first()
  t.equal(getEventListeners(stop.signal, 'abort').length, 1)
  stop.abort()
  t.equal(calls, 1)
  second()
  t.equal(getEventListeners(stop.signal, 'abort').length, 0)
})

t.test('no warning is emitted', async (t) => {
  await sleep(10)
  t.strictSame(warnings, [])
})
