// Downloads to a stream: in order, each byte once, from several connections, within the buffer.
import { createHash } from 'node:crypto'
import fs, { readdirSync, readlinkSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StreamOptions } from 'range-get'
import t from 'tap'
import { startDownload } from '#client/download.js'
import { sameBytes } from '../../support/same-bytes.ts'
import { FakeClient, type FakeServer, type Piece } from '../support/fake-client.ts'
import { fileHandlePrototype } from '../support/file-handles.ts'
import { honestly } from '../support/honest-reply.ts'
import { makeContent, type Resource, resource } from '../support/hostile-server.ts'
import { QUICK } from '../support/run.ts'
import { Collector, stream } from '../support/streamed.ts'

const FILE = resource(makeContent(1_000_000))
const BUFFER = 64 * 1024
const SMALL: StreamOptions = { buffer: BUFFER, segmentSize: 8000, connections: 4 }

const sha256Of = (content: Buffer): string => createHash('sha256').update(content).digest('base64')
const digestOf = (content: Buffer): string => `sha-256=:${sha256Of(content)}:`
const cutAfter =
  (bytes: number) =>
  (body: Buffer): readonly Piece[] => [body.subarray(0, bytes), 'cut']

t.test('all bytes come out in order, and the stream is ended', async (t) => {
  const output = new Collector()
  const end = await stream((request) => honestly(FILE, request), output, SMALL)
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
  t.equal(output.writableFinished, true)
  t.match(end.result, { path: null, size: FILE.content.length, resumed: 0, integrity: 'length' })
  t.ok(end.client.isClosed)
  t.equal(end.client.openAnswers, 0)
})

t.test(
  'a stream that another download writes to is refused, and gets no byte of the second one',
  async (t) => {
    const output = new Collector(async () => void (await nextTurn()))
    const first = stream((request) => honestly(FILE, request), output, SMALL)
    const second = await stream((request) => honestly(FILE, request), output, SMALL)
    t.equal(second.code, 'ERR_DOWNLOAD_USAGE')
    t.equal(second.message, 'another download of this process writes to the stream')
    t.equal((await first).code, null)
    sameBytes(t, output.bytes, FILE.content, 'the bytes')
    const third = await stream((request) => honestly(FILE, request), output, SMALL)
    t.equal(third.message, 'the stream has ended already')
  },
)

t.test('no byte is asked for that has no room, and none is asked for twice', async (t) => {
  const output = new Collector(async () => void (await nextTurn()))
  const end = await stream(
    (request) => {
      const last = request.range?.end ?? 0
      t.ok(last <= output.taken + BUFFER, `${last} with ${output.taken} taken`)
      return honestly(FILE, request)
    },
    output,
    SMALL,
  )
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
  t.equal(new Set(end.client.requests.map(({ range }) => range?.start)).size, end.client.requests.length)
})

t.test('a reader that takes nothing stops all connections, and is not a stall of the server', async (t) => {
  let go: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const output = new Collector(() => gate)
  const running = stream((request) => honestly(FILE, request), output, {
    ...SMALL,
    stallTimeout: 20,
    retries: 0,
  })
  setTimeout(go, 100)
  const end = await running
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
  t.ok(end.mostWaiting <= BUFFER, `${end.mostWaiting} bytes waited`)
})

t.test('one connection is one request, and waits for the reader', async (t) => {
  const output = new Collector(async () => void (await nextTurn()))
  const end = await stream((request) => honestly(FILE, request), output, { buffer: BUFFER, connections: 1 })
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
  t.equal(end.client.requests.length, 1)
})

t.test('a body that breaks off is continued, without a byte twice', async (t) => {
  const output = new Collector()
  const server: FakeServer = (request) =>
    honestly(FILE, request, request.index % 2 === 0 ? cutAfter(3000) : undefined)
  const end = await stream(server, output, { ...SMALL, retries: 1000 })
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

t.test('a server without ranges is read in one stream', async (t) => {
  const output = new Collector()
  const end = await stream((request) => honestly(FILE, { ...request, range: null }), output, SMALL)
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

t.test('a cut stream of a server without ranges goes on behind what was written', async (t) => {
  const output = new Collector()
  const server: FakeServer = (request) =>
    honestly(FILE, { ...request, range: null }, request.index === 0 ? cutAfter(300_000) : undefined)
  const end = await stream(server, output, { ...SMALL, connections: 1 })
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

t.test('empty files, and files without a length', async (t) => {
  const empty = new Collector()
  t.equal((await stream((request) => honestly(resource(Buffer.alloc(0)), request), empty)).code, null)
  t.equal(empty.writableFinished, true)
  const endless = new Collector()
  const end = await stream(
    () => ({ status: 200, fields: {}, body: [FILE.content], delimiter: 'closed' }),
    endless,
    SMALL,
  )
  t.equal(end.result?.integrity, 'nothing')
  sameBytes(t, endless.bytes, FILE.content, 'the bytes')
})

t.test('a part that is longer than announced, of which bytes were written, ends the download', async (t) => {
  const output = new Collector()
  const wrong = Buffer.alloc(FILE.content.length, 'x')
  const server: FakeServer = (request) =>
    request.index === 0 ? honestly(FILE, request) : honestly(FILE, request, () => [wrong])
  const end = await stream(server, output, { ...SMALL, connections: 1 })
  t.equal(end.code, 'ERR_DOWNLOAD_PROTOCOL', end.message)
  t.match(end.message, 'an answer contradicts what it announced, and bytes of it were written')
  t.match(end.message, 'do not use them')
})

t.test('a file that changes after bytes were written ends the download, and the stream', async (t) => {
  const other = resource(makeContent(1_000_000, 'version B'), { etag: '"b"' })
  const output = new Collector()
  const end = await stream((request) => honestly(output.taken > 0 ? other : FILE, request), output, SMALL)
  t.equal(end.code, 'ERR_DOWNLOAD_CHANGED')
  t.match(end.message, /were written before: do not use them$/)
  t.equal(output.failure?.message, end.message, 'the reader learns it')
  sameBytes(t, output.bytes, FILE.content.subarray(0, output.taken), 'what was written is of one version')
})

t.test('a file that changes before a byte was written starts over', async (t) => {
  const other = resource(makeContent(1_000_000, 'version B'), { etag: '"b"' })
  const output = new Collector()
  const server: FakeServer = (request) =>
    request.index === 0 ? honestly(FILE, request, () => ['cut']) : honestly(other, request)
  const end = await stream(server, output, SMALL)
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, other.content, 'the bytes')
})

t.test('a file without validators is written, but not continued after a cut', async (t) => {
  const plain: Resource = { content: FILE.content, fields: {} }
  const whole = new Collector()
  t.equal((await stream((request) => honestly(plain, request), whole, SMALL)).code, null)
  sameBytes(t, whole.bytes, FILE.content, 'the bytes')
  const output = new Collector()
  const end = await stream(
    (request) => honestly(plain, { ...request, range: null }, cutAfter(300_000)),
    output,
  )
  t.equal(end.code, 'ERR_DOWNLOAD_NETWORK')
  t.match(end.message, /cannot be resumed: the server sends no strong ETag.*--checksum/)
  t.equal(end.client.requests.length, 1, 'no further request could help')
})

t.test('a checksum joins the answers of a server without validators', async (t) => {
  const plain: Resource = { content: FILE.content, fields: {} }
  const output = new Collector()
  const server: FakeServer = (request) =>
    honestly(plain, request, request.index === 0 ? cutAfter(300_000) : undefined)
  const checksum = `sha-256=${sha256Of(FILE.content)}`
  const end = await stream(server, output, { checksum })
  t.match(end.result, { integrity: 'checksum', digest: 'sha-256' }, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

t.test('a damaged part is fetched again before it is written', async (t) => {
  const output = new Collector()
  const server: FakeServer = (request) => {
    const isWrong = request.index === 2
    const reply = honestly(FILE, request, (body) => {
      const bytes = Buffer.from(body)
      if (isWrong) bytes[5] = (bytes[5] ?? 0) ^ 1
      return [bytes]
    })
    const { start, end } = {
      start: request.range?.start ?? 0,
      end: request.range?.end ?? FILE.content.length,
    }
    const digest = { 'content-digest': digestOf(FILE.content.subarray(start, end)) }
    return { ...reply, fields: { ...reply.fields, ...digest } }
  }
  const end = await stream(server, output, SMALL)
  t.equal(end.code, null, end.message)
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

t.test(
  'parts that wait for their digest fit into the buffer, also if larger ones are asked for',
  async (t) => {
    for (const connections of [1, 4])
      for (const segmentSize of [BUFFER, BUFFER + 1, 3 * BUFFER]) {
        const output = new Collector()
        const server: FakeServer = (request) => {
          const reply = honestly(FILE, request)
          const { start = 0, end } = request.range ?? {}
          const part = FILE.content.subarray(start, end ?? FILE.content.length)
          return { ...reply, fields: { ...reply.fields, 'content-digest': digestOf(part) } }
        }
        const options = { connections, segmentSize, buffer: BUFFER }
        const end = await stream(server, output, options)
        t.equal(end.code, null, `${connections}, ${segmentSize}: ${end.message}`)
        sameBytes(t, output.bytes, FILE.content, 'the bytes')
      }
  },
)

t.test('a wrong digest of the whole fails after the bytes, and the stream is not ended', async (t) => {
  for (const fields of [
    { 'repr-digest': digestOf(Buffer.from('other')) },
    { 'content-md5': createHash('md5').update('other').digest('base64') },
  ]) {
    const output = new Collector()
    const end = await stream(
      (request) => honestly(resource(FILE.content, fields), { ...request, range: null }),
      output,
    )
    t.equal(end.code, 'ERR_DOWNLOAD_DIGEST', end.message)
    t.equal(output.writableFinished, false)
    t.match(output.failure, { code: 'ERR_DOWNLOAD_DIGEST' })
  }
})

t.test('a digest that only a later answer has is compared', async (t) => {
  const server =
    (digest: string): FakeServer =>
    (request) =>
      honestly(request.index < 5 ? FILE : resource(FILE.content, { 'repr-digest': digest }), request)
  const right = await stream(server(digestOf(FILE.content)), new Collector(), SMALL)
  t.match(right.result, { integrity: 'digest', digest: 'sha-256' }, right.message)
  const wrong = await stream(server(digestOf(Buffer.from('other'))), new Collector(), SMALL)
  t.equal(wrong.code, 'ERR_DOWNLOAD_DIGEST')
})

t.test('a stream that fails, or is closed, ends the download', async (t) => {
  const failing = new Collector(async (taken) => {
    if (taken > 100_000) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  })
  t.equal((await stream((request) => honestly(FILE, request), failing, SMALL)).code, 'ERR_DOWNLOAD_DISK_FULL')
  const closing = new Collector(async (taken) => {
    if (taken > 100_000) closing.destroy()
  })
  const closed = await stream((request) => honestly(FILE, request), closing, SMALL)
  t.equal(closed.code, 'ERR_DOWNLOAD_UNWRITABLE')
  t.equal(closed.client.openAnswers, 0)
  const ended = new Collector()
  ended.end()
  t.equal((await stream((request) => honestly(FILE, request), ended)).code, 'ERR_DOWNLOAD_USAGE')
})

t.test('an abort ends a download whose reader takes nothing', async (t) => {
  const output = new Collector(() => new Promise(() => undefined))
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  const end = await stream((request) => honestly(FILE, request), output, {
    ...SMALL,
    signal: controller.signal,
  })
  t.equal(end.code, 'ERR_DOWNLOAD_ABORTED')
  t.equal(output.destroyed, true)
})

t.test('an abort ends a download whose stream never says that it has ended', async (t) => {
  const file = resource(makeContent(1000))
  for (const isEarly of [false, true]) {
    const controller = new AbortController()
    const output = new Collector(async () => (isEarly ? controller.abort() : undefined))
    output._final = () => controller.abort()
    const end = await stream((request) => honestly(file, request), output, { signal: controller.signal })
    t.equal(end.code, 'ERR_DOWNLOAD_ABORTED')
    t.equal(output.destroyed, true)
    t.equal(output.writableFinished, false)
  }
})

t.test('what a failed stream may have got is said as that', async (t) => {
  const output = new Collector(async () => {
    throw new Error('no')
  })
  const end = await stream((request) => honestly(FILE, request), output, SMALL)
  t.match(end.message, /no\. Up to [\d.]+ KiB were written before: do not use them$/)
})

t.test('a paused download writes what it has, and goes on after that', async (t) => {
  const output = new Collector()
  const client = new FakeClient((request) =>
    honestly(FILE, request, (body) => [body.subarray(0, 1000), 1, body.subarray(1000)]),
  )
  const request = { url: 'http://fake.test/a', destination: output, options: { ...QUICK, ...SMALL } }
  const run = startDownload(request, { createClient: () => client })
  const seen: string[] = []
  for await (const { state, received } of run) {
    if (received > 0 && seen.length === 0) {
      seen.push('begun')
      run.pause()
    }
    if (state !== 'paused' || seen.includes(state)) continue
    seen.push(state)
    run.resume()
  }
  t.match(await run.finished, { path: null, size: FILE.content.length })
  t.strictSame(seen, ['begun', 'paused'])
  sameBytes(t, output.bytes, FILE.content, 'the bytes')
})

/** Descriptors of files that have no name; null where the system does not say. */
function unnamedFiles(): number | null {
  if (process.platform !== 'linux') return null
  const links = readdirSync('/proc/self/fd').map((each) => {
    try {
      return readlinkSync(`/proc/self/fd/${each}`)
    } catch {
      return '' // that of the folder itself
    }
  })
  return links.filter((link) => link.endsWith(' (deleted)')).length
}

t.test('a buffer in a file: the same bytes, and it is closed however the download ends', async (t) => {
  const bufferDirectory = t.testdir({})
  const before = unnamedFiles()
  const other = resource(makeContent(1_000_000, 'version B'), { etag: '"b"' })
  let during: number | null = 0
  const cases: readonly (readonly [string, FakeServer, Collector, string | null])[] = [
    ['whole', (request) => honestly(FILE, request), new Collector(), null],
    ['empty', (request) => honestly(resource(Buffer.alloc(0)), request), new Collector(), null],
    [
      'started over',
      (request) => (request.index === 0 ? honestly(FILE, request, () => ['cut']) : honestly(other, request)),
      new Collector(),
      null,
    ],
    ['dead', (request) => honestly(FILE, request, () => ['cut']), new Collector(), 'ERR_DOWNLOAD_NETWORK'],
    [
      'failing output',
      (request) => honestly(FILE, request),
      new Collector(async () => {
        during = unnamedFiles()
        throw new Error('no')
      }),
      'ERR_DOWNLOAD_UNWRITABLE',
    ],
  ]
  for (const [name, server, output, code] of cases) {
    const end = await stream(server, output, { ...SMALL, bufferDirectory, retries: 1 })
    t.equal(end.code, code, `${name}: ${end.message}`)
    t.equal(unnamedFiles(), before, name)
    t.strictSame(readdirSync(bufferDirectory), [], name)
    if (name === 'whole') sameBytes(t, output.bytes, FILE.content, name)
    if (name === 'started over') sameBytes(t, output.bytes, other.content, name)
  }
  if (before !== null) t.equal(during, before + 1)
})

t.test('a download that ends while its buffer is opened closes that, too', async (t) => {
  const { open } = fs.promises
  t.teardown(() => {
    Object.assign(fs.promises, { open })
    syncBuiltinESMExports()
  })
  const controller = new AbortController()
  const opened: fs.promises.FileHandle[] = []
  const aborting: typeof open = async (...args) => {
    const file = await open(...args)
    opened.push(file)
    controller.abort()
    await nextTurn()
    return file
  }
  Object.assign(fs.promises, { open: aborting })
  syncBuiltinESMExports()
  const { signal } = controller
  const options = { ...SMALL, bufferDirectory: t.testdir({}), signal }
  const end = await stream((request) => honestly(FILE, request), new Collector(), options)
  t.equal(end.code, 'ERR_DOWNLOAD_ABORTED')
  for (let turn = 0; turn < 1000 && opened.some(({ fd }) => fd !== -1); turn++) await nextTurn()
  t.strictSame(
    opened.map(({ fd }) => fd),
    [-1],
  )
})

t.test('a buffer in a file that cannot be made ends the download before a byte is written', async (t) => {
  const output = new Collector()
  const bufferDirectory = `${t.testdir({})}/none`
  const end = await stream((request) => honestly(FILE, request), output, { bufferDirectory })
  t.equal(end.code, 'ERR_DOWNLOAD_UNWRITABLE')
  t.match(end.message, /none: the directory does not exist \(ENOENT\)$/)
  t.equal(output.taken, 0)
  t.ok(end.client.isClosed)
  t.equal(end.client.requests.length, 1)
})

t.test('a disk that is full on the way ends the download, with what was written', async (t) => {
  const bufferDirectory = t.testdir({})
  type Writev = (buffers: Buffer[], at: number) => Promise<unknown>
  const prototype = await fileHandlePrototype<{ writev: Writev }>(`${bufferDirectory}/probe`)
  const { writev } = prototype
  let writes = 0
  prototype.writev = async function (buffers, at) {
    if (++writes > 5) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    return await writev.call(this, buffers, at)
  }
  t.teardown(() => {
    prototype.writev = writev
  })
  const output = new Collector()
  const end = await stream((request) => honestly(FILE, request), output, { ...SMALL, bufferDirectory })
  t.equal(end.code, 'ERR_DOWNLOAD_DISK_FULL')
  t.match(
    end.message,
    /^cannot write a temporary file in .*\. Free some space and run again\. .* were written before: do not use them$/,
  )
  sameBytes(t, output.bytes, FILE.content.subarray(0, output.taken), 'the bytes')
  t.equal(end.client.openAnswers, 0)
})

t.test('options that only a file has are refused', async (t) => {
  for (const options of [
    { existing: 'replace' },
    { resume: 'never' },
    { resumeKey: 'x' },
    { missingDirectory: 'create' },
    { modified: 'server' },
  ]) {
    const output = new Collector()
    const end = await stream(() => null, output, options as StreamOptions)
    t.equal(end.code, 'ERR_DOWNLOAD_USAGE')
    t.match(end.message, /is an option for files, and the destination is a stream$/)
    t.equal(output.destroyed, false, 'nothing was begun')
  }
})
