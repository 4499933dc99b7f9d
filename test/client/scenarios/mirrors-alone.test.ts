// Servers that lie so that what they sent shows nothing: each is asked for the whole file alone. One with the right file is enough.
import { createHash } from 'node:crypto'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import {
  honest,
  makeContent,
  part,
  type RawRequest,
  type Script,
  send,
  wanted,
} from '../support/hostile-server.ts'
import {
  CHECKSUM,
  CONTENT,
  digested,
  dying,
  getFrom,
  good,
  lying,
  OTHER,
  SIZE,
  serve,
  sly,
  whole,
} from '../support/mirrors.ts'
import { names } from '../support/run.ts'

// The samples and the repairs before take many requests.
t.setTimeout(180_000)

/** An older version, of another size. */
const sized = (bytes: number): Script =>
  honest({ content: makeContent(bytes, 'older'), fields: { etag: `"${bytes}"` } })

/** With other bytes from `start` to `end`. */
function changed(start: number, end: number): Script {
  const content = Buffer.from(CONTENT)
  content.fill(3, start, end)
  return honest({ content, fields: {} })
}

const half = changed(SIZE / 2, SIZE)
const late = changed(SIZE - 7, SIZE - 6)
const [short, long] = [sized(SIZE - 1000), sized(SIZE + 1000)]
const sealed = digested(OTHER)

/** Lies, and has digests of its lie by other algorithms than that of the checksum. */
const [sure, weak] = [
  ['sha512', 'sha-512'],
  ['md5', 'md5'],
].map(([name = '', field = '']) =>
  lying({ 'repr-digest': `${field}=:${createHash(name).update(OTHER).digest('base64')}:` }),
) as [Script, Script]

const rows: readonly (readonly [name: string, scripts: readonly Script[]])[] = [
  ['the digests of parts are those of wrong bytes', [long, good(), sealed, good()]],
  ['three of four lie at other places', [half, good(), sly(), changed(50_000, 60_000)]],
  ['four of five, also about the size', [half, good(), sealed, long, short]],
  ['three of four, the last one is right', [sealed, sly(), short, good()]],
  ['two mirrors of three', [good(), sealed, late]],
  ['two mirrors with the same lie', [good(), sly(), sly()]],
  ['the URL and its first mirror with the same lie', [sly(), sly(), good()]],
  ['all but the fifth of five', [lying(), half, late, sly(), good()]],
  ['the URL has a sha-512 of its lie', [sure, good()]],
  ['the URL has an md5 of its lie', [weak, good()]],
  ['a mirror has a sha-512 of its lie', [good(), sure]],
  ['the URL and a mirror have a sha-512 of the same lie', [sure, sure, good()]],
  ['the URL and mirrors have different digests of their lies', [weak, sealed, sure, good()]],
  ['the right one sends no ranges', [whole, lying()]],
  ['the right one of three sends no ranges', [whole, sly(), lying()]],
  ['one that fails when it is asked again', [half, sly(), sealed, dying(30), good()]],
]

for (const [name, scripts] of rows)
  t.test(`with a checksum, one server with the right file is enough: ${name}`, async (t) => {
    const servers = await serve(t, ...scripts)
    const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM, stallTimeout: 5000 })
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

/** The right file. Each connection on which it is asked again which file it has breaks at first. */
function breaking(): Script {
  let looks = 0
  return (request, socket) => {
    const isLook = request.range?.start === 0 && (request.range.end ?? SIZE) < 10_000
    if (isLook && ++looks > 1 && looks % 2 === 0) socket.destroy()
    else return good()(request, socket)
  }
}

for (const [name, scripts] of [
  ['the last of four', [half, lying(), sealed, breaking()]],
  ['the URL', [breaking(), half, lying(), sealed]],
  ['the second of two', [lying(), breaking()]],
] as readonly (readonly [string, readonly Script[]])[])
  t.test(`a server that is asked alone is asked again after a failure: ${name}`, async (t) => {
    const servers = await serve(t, ...scripts)
    const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM, stallTimeout: 5000 })
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

for (const options of [{ checksum: CHECKSUM }, {}])
  t.test(`a mirror that is left may fail once, too: ${Object.keys(options).join()}`, async (t) => {
    const servers = await serve(t, dying(1), breaking())
    const { file, code, message } = await getFrom(t, servers, { ...options, stallTimeout: 5000 })
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

/** The right file, with another tag in each answer. It breaks off before its end. */
const changing: Script = async (request, socket) => {
  const range = wanted(request, SIZE) ?? { start: 0, end: SIZE }
  socket.write(part(range, SIZE, { etag: `"${request.index}"` }))
  await send(socket, CONTENT.subarray(range.start, range.end - 1))
  socket.end()
}

for (const [name, scripts] of [
  ['the URL', [changing, good()]],
  ['a mirror', [dying(1), changing, whole]],
  ['all but one', [changing, changing, good()]],
] as readonly (readonly [string, readonly Script[]])[])
  t.test(`a server whose file keeps changing is no reason not to ask the others: ${name}`, async (t) => {
    const servers = await serve(t, ...scripts)
    const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM, stallTimeout: 5000 })
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

t.test('if the files of all servers keep changing, the error says so of each', async (t) => {
  const servers = await serve(t, changing, changing)
  const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM, stallTimeout: 5000 })
  t.equal(code, 'ERR_DOWNLOAD_CHANGED', message)
  t.equal(file, null)
  t.match(message, /keeps changing .* Of the mirrors, .* keeps changing/)
})

t.test('a mirror that stalls is not asked for each sample', async (t) => {
  // Requests for the first bytes and for segments are others.
  const isSample = ({ range }: RawRequest): boolean =>
    range?.end != null && range.start > 0 && range.end - range.start < 100_000
  let samples = 0
  const stalling: Script = (request, socket) => {
    if (!isSample(request)) return good()(request, socket)
    samples++
    socket.write(part(wanted(request, SIZE) ?? { start: 0, end: SIZE }, SIZE, {}))
  }
  const servers = await serve(t, half, stalling)
  const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM, stallTimeout: 2500 })
  t.equal(code, null, message)
  sameBytes(t, file, CONTENT)
  t.ok(samples <= 3, `${samples} samples were asked for: one of each poll at most`)
})

/** Counts the bytes that come, in files. */
function counting() {
  let bytes = 0
  const onSegment = (report: { bytes: number }): void => {
    bytes += report.bytes
  }
  return { options: { onSegment, stallTimeout: 5000 }, files: () => bytes / SIZE }
}

t.test('no more than five servers are asked for the whole file', async (t) => {
  const { options, files } = counting()
  const lies = Array.from({ length: 14 }, (_, at) =>
    honest({ content: makeContent(SIZE, `lie ${at}`), fields: {} }),
  )
  const servers = await serve(t, ...lies)
  const { file, code } = await getFrom(t, servers, { ...options, checksum: CHECKSUM })
  t.equal(code, 'ERR_DOWNLOAD_DIGEST')
  t.ok(file === null, 'there is no file')
  t.strictSame(names(t.testdirName), [])
  t.ok(files() > 5, `${files()} files have come: servers were alone`)
  t.ok(files() <= 9, `${files()} files have come: one, three again, and five from servers alone at most`)
})

t.test('without a checksum no server is asked for the whole file again', async (t) => {
  const { options, files } = counting()
  const digest = { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }
  const servers = await serve(t, sly(digest), lying(digest), good(digest))
  const { file, code } = await getFrom(t, servers, options)
  t.equal(code, 'ERR_DOWNLOAD_DIGEST')
  t.ok(file === null, 'there is no file')
  t.ok(files() <= 4, `${files()} files have come: one, and three again at most`)
})
