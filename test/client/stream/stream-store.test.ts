// What has come of a file, between its server and an output.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Version } from '#client/state/journal-format.js'
import type { OrderedOutput } from '#client/stream/ordered-output.js'
import { signalled } from '#client/stream/signalled.js'
import { StreamStore, type StreamStoreOptions } from '#client/stream/stream-store.js'
import { fileHandlePrototype } from '../support/file-handles.ts'

const VERSION: Version = {
  validators: { total: 200, etag: '"a"', lastModified: null, dateIsStrong: false, digests: {} },
  contentType: null,
}

/** A store with room for 100 bytes, whose output takes a piece when `take()` is called. */
function start(options: Partial<StreamStoreOptions> = {}) {
  const seen = { text: '', failures: [] as unknown[], rooms: 0 }
  const pieces: { readonly take: () => void }[] = []
  const output: OrderedOutput = {
    name: 'the output',
    open: () => undefined,
    write: async (bytes) => {
      seen.text += bytes.toString()
      const { promise, resolve } = signalled()
      pieces.push({ take: resolve })
      await promise
    },
    end: async () => undefined,
    fail: () => undefined,
  }
  const store = new StreamStore({
    output,
    buffer: 100,
    bufferDirectory: null,
    checksum: null,
    onFailure: (error) => seen.failures.push(error),
    onRoom: () => seen.rooms++,
    ...options,
  })
  const take = async (): Promise<void> => {
    pieces.shift()?.take()
    await nextTurn()
  }
  return { store, seen, take }
}

t.test('bytes go out in order, and the window follows the output', async (t) => {
  const { store, seen, take } = start()
  await store.begin(VERSION)
  const [later, first] = [store.write(3), store.write(0)]
  t.equal(later.push(Buffer.from('def')), null)
  t.equal(seen.text, '')
  t.equal(first.push(Buffer.from('abc')), null)
  await nextTurn()
  t.equal(seen.text, 'abcdef')
  t.match(store.window, { start: 6, end: 100, size: 100 })
  t.strictSame(store.written, { least: 0, most: 6 })
  await take()
  t.match(store.window, { start: 6, end: 106, moved: null })
  t.equal(seen.rooms, 1)
})

t.test('a version cannot begin again once the output was given something', async (t) => {
  const { store } = start()
  await store.begin(VERSION)
  store.write(0).push(Buffer.from('a'))
  t.equal(store.canStartOver, false)
  await t.rejects(store.begin(VERSION), { code: 'ERR_DOWNLOAD_CHANGED' })
})

t.test('bytes that the output was given cannot come once more', async (t) => {
  const { store, seen, take } = start()
  await store.begin(VERSION)
  store.write(0).push(Buffer.from('abc'))
  await take()
  store.write(1).push(Buffer.from('x'))
  t.match(seen.failures, [{ message: 'byte 1 has come after the output was given it' }])
  t.equal(seen.text, 'abc')
})

t.test('the output is behind if half of the buffer waits for it', async (t) => {
  const { store, take } = start()
  await store.begin(VERSION)
  const writer = store.write(0)
  writer.push(Buffer.alloc(49))
  t.equal(store.backlog, null)
  writer.push(Buffer.alloc(1))
  const { backlog } = store
  t.ok(backlog)
  await take()
  await backlog
})

t.test('bytes of a body that waits for its digest go out when it has ended', async (t) => {
  const { store, seen } = start()
  await store.begin(VERSION)
  const writer = store.write(0)
  store.markUnproven(writer)
  const wait = writer.push(Buffer.alloc(101, 'a'))
  t.ok(wait, 'one byte has no room')
  t.equal(seen.text, '')
  void store.end(writer, 'keep')
  await nextTurn()
  t.equal(seen.text.length, 100)
})

/** Slows the reads of all files down until `go()` is called. `readAgain()` resolves soon after the first of them. */
async function slowReads(t: Test): Promise<{ go: () => void; readAgain: () => Promise<void> }> {
  const gate = signalled()
  const done = signalled()
  type Read = (...args: unknown[]) => Promise<unknown>
  const prototype = await fileHandlePrototype<{ read: Read }>(`${t.testdir({})}/probe`)
  const { read } = prototype
  prototype.read = async function (...args) {
    await gate.promise
    return await read.apply(this, args).finally(done.resolve)
  }
  t.teardown(() => {
    prototype.read = read
  })
  const readAgain = async (): Promise<void> => {
    await done.promise
    await nextTurn()
  }
  return { go: gate.resolve, readAgain }
}

t.test('bytes that are read from a file when the download ends are not given any more', async (t) => {
  const { go, readAgain } = await slowReads(t)
  const { store, seen } = start({ bufferDirectory: t.testdir({}) })
  await store.begin(VERSION)
  const writer = store.write(0)
  writer.push(Buffer.from('abc'))
  while (store.given === 0) await nextTurn()
  t.strictSame(store.blocks, [{ start: 0, end: 3 }], 'they are about to be given')
  void store.end(writer, 'drop')
  t.strictSame(store.blocks, [{ start: 0, end: 3 }], 'so they are not fetched once more')
  store.fail(new Error('over'))
  go()
  await readAgain()
  t.equal(seen.text, '')
  await store.free()
  t.strictSame(store.written, { least: 0, most: 0 })
})

t.test('while bytes are on their way into a file, there is something to wait for', async (t) => {
  const { store, take } = start({ bufferDirectory: t.testdir({}) })
  t.teardown(() => store.free())
  await store.begin(VERSION)
  store.write(0).push(Buffer.from('abc'))
  const { moved } = store.window
  t.ok(moved)
  while (store.written.most === 0) await nextTurn()
  await take()
  await moved
  t.equal(store.window.moved, null)
})
