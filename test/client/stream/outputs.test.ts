// The outputs: streams of Node.js and of the web, and descriptors.
import fs, { closeSync, openSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { download } from 'range-get'
import t from 'tap'
import { hasStalledCalls } from '#client/files/hanging-calls.js'
import { DescriptorOutput } from '#client/stream/descriptor-output.js'
import { NodeOutput } from '#client/stream/node-output.js'
import { openOutput } from '#client/stream/open-output.js'
import { WebOutput } from '#client/stream/web-output.js'
import { honest, makeContent, resource, startHostile } from '../support/hostile-server.ts'

const A = resource(makeContent(300_000))

t.test('a stream of Node.js gets copies, and is ended', async (t) => {
  const stream = new PassThrough()
  const output = new NodeOutput(stream)
  output.open(() => t.fail('it has not failed'))
  const bytes = Buffer.from('abc')
  await output.write(bytes)
  bytes.fill('x')
  const ended = output.end()
  t.equal(stream.read().toString(), 'abc')
  await ended
  t.equal(stream.writableFinished, true)
  t.equal(stream.listenerCount('close') + stream.listenerCount('error'), 0, 'no listener is left')
})

t.test('a WritableStream gets copies, too', async (t) => {
  const got: Uint8Array[] = []
  const output = new WebOutput(new WritableStream({ write: (chunk) => void got.push(chunk) }))
  const bytes = Buffer.from('abc')
  await output.write(bytes)
  bytes.fill('x')
  t.equal(Buffer.concat(got).toString(), 'abc')
})

t.test('a stream of Node.js that never calls back, and is destroyed, fails', async (t) => {
  const stream = new Writable({ write: () => undefined })
  const output = new NodeOutput(stream)
  const failures: unknown[] = []
  output.open((error) => failures.push(error))
  const writing = output.write(Buffer.from('abc'))
  stream.destroy()
  await t.rejects(writing, { message: 'it was closed before all was written' })
  await t.rejects(output.write(Buffer.from('d')), { message: 'it was closed before all was written' })
  t.equal(failures.length, 1)
})

t.test('a failed download destroys a stream of Node.js, without an error that nobody handles', async (t) => {
  const stream = new PassThrough()
  const output = new NodeOutput(stream)
  output.open(() => undefined)
  output.fail('no error object')
  await nextTurn()
  t.match(stream.errored, { message: 'no error object' })
})

t.test('a standard stream is neither ended nor destroyed', async (t) => {
  const stream = Object.assign(new PassThrough(), { fd: 1 })
  const output = new NodeOutput(stream)
  output.open(() => undefined)
  await output.end()
  output.fail(new Error('x'))
  t.equal(stream.destroyed || stream.writableEnded, false)
})

t.test(
  'a WritableStream gets all bytes of a file and is closed; after a failure it is aborted',
  async (t) => {
    const server = await startHostile(honest(A))
    t.teardown(() => server.stop())
    const got: Uint8Array[] = []
    let end: unknown = null
    const stream = (): WritableStream<Uint8Array> =>
      new WritableStream({
        write: (chunk) => void got.push(chunk),
        close: () => {
          end = 'closed'
        },
        abort: (reason) => {
          end = reason
        },
      })
    const { path } = await download(`${server.url}/a`, stream()).finished
    t.equal(path, null)
    t.equal(end, 'closed')
    t.ok(Buffer.concat(got).equals(A.content))
    const options = { checksum: `sha-256=${'0'.repeat(64)}` }
    await t.rejects(download(`${server.url}/a`, stream(), options).finished, { code: 'ERR_DOWNLOAD_DIGEST' })
    t.match(end, { code: 'ERR_DOWNLOAD_DIGEST' })
  },
)

t.test('a WritableStream that fails ends the download', async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  const stream = new WritableStream<Uint8Array>({
    write: () => {
      throw new Error('no more')
    },
  })
  const { finished } = download(`${server.url}/a`, stream)
  await t.rejects(finished, { code: 'ERR_DOWNLOAD_UNWRITABLE', message: /cannot write the stream: no more/ })
})

t.test('a stream that cannot be written to is a usage error', async (t) => {
  const locked = new WritableStream()
  locked.getWriter()
  t.throws(() => new WebOutput(locked), { code: 'ERR_DOWNLOAD_USAGE', message: /is locked/ })
  const ended = new PassThrough().end()
  t.throws(() => openOutput(ended), { code: 'ERR_DOWNLOAD_USAGE', message: /has ended/ })
  const hostile = Object.defineProperty(new PassThrough(), 'writable', {
    get: () => {
      throw new Error('no')
    },
  })
  t.throws(() => openOutput(hostile), { code: 'ERR_DOWNLOAD_USAGE', message: 'the stream cannot be used' })
  await t.rejects(download('http://h/', hostile).finished, { code: 'ERR_DOWNLOAD_USAGE' })
  for (const like of [
    { writable: true, write: () => true },
    { writable: true, write: () => true, end: 1, destroy: () => 0, on: () => 0, off: () => 0 },
    { locked: false, getWriter: () => ({}) },
    { locked: false, getWriter: () => ({ write: () => 0, close: () => 0, abort: () => 0, closed: true }) },
  ])
    await t.rejects(download('http://127.0.0.1:1/', like as unknown as Writable).finished, {
      code: 'ERR_DOWNLOAD_USAGE',
      message: 'the stream cannot be used',
    })
})

t.test('a descriptor gets all bytes, also if it takes few at once, or none for a moment', async (t) => {
  const path = join(t.testdir({}), 'out')
  const descriptor = openSync(path, 'w')
  const { write } = fs
  let calls = 0
  t.teardown(() => {
    Object.assign(fs, { write })
    syncBuiltinESMExports()
    closeSync(descriptor)
  })
  const few = (to: number, bytes: Buffer, done: (error: Error | null, count: number) => void): void => {
    if (++calls % 2 === 1) done(Object.assign(new Error('again'), { code: 'EAGAIN' }), 0)
    else write(to, bytes.subarray(0, 2), done)
  }
  Object.assign(fs, { write: few })
  syncBuiltinESMExports()
  const output = new DescriptorOutput(descriptor, 'a file')
  const writing = output.write(Buffer.from('abcde'))
  t.equal(hasStalledCalls(), true, 'an exit would wait for it')
  await writing
  t.equal(hasStalledCalls(), false)
  t.equal(readFileSync(path, 'utf8'), 'abcde')
  t.equal(calls, 6)
})
