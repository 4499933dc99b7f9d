// Files that a Metalink describes: from several servers, some of which lie, and with documents that lie. The file is right, or
// it is not there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DownloadError, downloadAll, type FileOutcome, type MetalinkFile, readMetalink } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { answerHonestly, type HostileServer, honest, type Script, wanted } from '../support/hostile-server.ts'
import { type Described, fileElement, hex, metalink } from '../support/metalink.ts'
import {
  CONTENT,
  good,
  lying,
  OTHER,
  REPR,
  refusing,
  SIZE,
  SMALL,
  serve,
  sly,
  urlOf,
} from '../support/mirrors.ts'
import { get, names, QUICK, readOrNull } from '../support/run.ts'

const PIECE = 65_536
const PIECES = { length: PIECE }
const WEAK_PIECES = { length: PIECE, type: 'sha-1', algorithm: 'sha1' }

interface End {
  readonly outcome: FileOutcome<MetalinkFile>
  readonly file: Buffer | null
  /** Bytes of bodies that came. */
  readonly bytes: number
}

interface Run {
  readonly described?: Described
  readonly content?: Buffer
  readonly dir?: string
  readonly signal?: AbortSignal
}

/** Downloads what a document says about `servers`, in this order. */
async function run(t: Test, servers: readonly HostileServer[], some: Run = {}): Promise<End> {
  const { described = {}, content = CONTENT, dir = t.testdir({}), signal } = some
  const text = metalink(fileElement(content, servers.map(urlOf), described))
  const { files } = await readMetalink(text, { directory: dir })
  const all = downloadAll(files, { ...QUICK, ...SMALL, ...(signal === undefined ? {} : { signal }) })
  let outcome: FileOutcome<MetalinkFile> | null = null
  for await (const each of all) outcome = each
  await all.finished.catch(() => undefined)
  if (outcome === null) throw new Error('nothing has ended')
  return { outcome, file: readOrNull(join(dir, 'file.bin')), bytes: bytesOf(servers) }
}

/** What was asked for, without the looks at the beginning of the file. */
function bytesOf(servers: readonly HostileServer[]): number {
  return servers
    .flatMap(({ requests }) => requests.slice(1))
    .map(({ headers }) => /bytes=(\d+)-(\d*)/.exec(headers.get('range') ?? '') ?? ['', '0', ''])
    .reduce((sum, [, from, to]) => sum + (to === '' ? SIZE : Number(to) + 1) - Number(from), 0)
}

function assertRight(t: Test, { outcome, file }: End, integrity = 'checksum'): void {
  t.equal(outcome.error, null, outcome.error?.message ?? '')
  sameBytes(t, file, CONTENT)
  t.equal(outcome.result?.integrity, integrity)
}

t.test('the whole file, and what proves it', async (t) => {
  const SHA1 = [['sha-1', 'sha1']] as const
  for (const [name, described, integrity, digest] of [
    ['sha-256', {}, 'checksum', 'sha-256'],
    [
      'sha-512 and others',
      {
        hashes: [
          ['md5', 'md5'],
          ['sha-256', 'sha256'],
          ['sha-512', 'sha512'],
        ],
      },
      'checksum',
      'sha-512',
    ],
    ['sha-1', { hashes: SHA1 }, 'undamaged', 'sha-1'],
    ['the sha-256 of pieces', { hashes: [], pieces: PIECES }, 'checksum', 'sha-256'],
    ['the sha-1 of pieces', { hashes: [], pieces: WEAK_PIECES }, 'undamaged', 'sha-1'],
    ['nothing', { hashes: [], size: null }, 'length', null],
  ] as const) {
    const end = await run(t, await serve(t, good()), { described })
    assertRight(t, end, integrity)
    t.equal(end.outcome.result?.digest, digest, name)
  }
})

const liars = [
  { name: 'the preferred one', scripts: [sly(), good()], liar: 0 },
  { name: 'the second one', scripts: [good(), sly()], liar: 1 },
  { name: 'one of three', scripts: [good(), sly(), good()], liar: 1 },
]
for (const { name, scripts, liar } of liars)
  for (const pieces of [PIECES, WEAK_PIECES])
    t.test(`only wrong pieces are fetched again, and their mirror is named: ${name}`, async (t) => {
      const servers = await serve(t, ...scripts)
      const end = await run(t, servers, { described: { pieces } })
      assertRight(t, end)
      const warnings = end.outcome.result?.warnings.join('\n') ?? ''
      const host = new URL(servers[liar]?.url ?? '').host
      t.match(warnings, new RegExp(`${host}.*sent wrong bytes in pieces? [0-9, and more]+ of 46; `))
      t.equal(warnings.split('\n').length, 1, warnings)
      // Each second piece is wrong at most, and there may be a request that another one has taken over.
      t.ok(end.bytes < 1.8 * SIZE, `${end.bytes / SIZE} files were asked for`)
    })

/** One byte is wrong. */
const wrongAt = (at: number): Script => {
  const content = Buffer.from(CONTENT)
  content[at] = (content[at] ?? 0) ^ 1
  return honest({ content, fields: {} })
}

t.test(
  'of two servers that send wrong pieces at different places, each has those of the other',
  async (t) => {
    for (const places of [
      [1_000_000, 2_000_000],
      [2_000_000, 1_000_000],
      [10, SIZE - 10],
    ] as const) {
      const servers = await serve(t, ...places.map(wrongAt))
      assertRight(t, await run(t, servers, { described: { pieces: PIECES } }))
    }
  },
)

/** Honest, but it closes the connection on each request for this byte. */
const withholding =
  (at: number): Script =>
  (request, socket) => {
    const { start = 0, end = null } = request.range ?? {}
    const isAsked = start <= at && at <= (end ?? SIZE)
    return isAsked ? void socket.destroy() : good()(request, socket)
  }

t.test(
  'a server that has sent no wrong piece alone has them if the one that was asked again fails',
  async (t) => {
    for (const isFirst of [true, false]) {
      let bytes = 0
      const counted =
        (script: Script): Script =>
        (request, socket) => {
          const { start, end } = wanted(request, SIZE) ?? { start: 0, end: SIZE }
          bytes += end - start
          return script(request, socket)
        }
      // It lies while the file comes for the first time.
      const liar: Script = (request, socket) =>
        bytes > SIZE ? void socket.destroy() : lying()(request, socket)
      const scripts = [counted(good()), counted(liar)]
      const servers = await serve(t, ...(isFirst ? scripts : scripts.toReversed()))
      assertRight(t, await run(t, servers, { described: { pieces: { length: SIZE } } }))
    }
  },
)

for (const at of [1_000_000, SIZE - 10])
  for (const place of [0, 1])
    t.test(
      `where wrong pieces are known, no server is asked for the whole file: ${at}, ${place}`,
      async (t) => {
        const scripts = [wrongAt(at), wrongAt(at)]
        scripts[place] = withholding(at)
        const end = await run(t, await serve(t, ...scripts), { described: { pieces: PIECES } })
        t.not(end.outcome.error, null)
        t.equal(end.file, null)
        t.ok(end.bytes < 2 * SIZE, `${end.bytes / SIZE} files were asked for`)
      },
    )

t.test('without a hash of the whole file, wrong pieces are fetched again as well', async (t) => {
  // Nothing joins the bytes of two servers then, except an equal digest that both send.
  const servers = await serve(t, good(REPR), sly(REPR))
  assertRight(t, await run(t, servers, { described: { hashes: [], pieces: PIECES } }))
})

/** Honest, but the first answers with a part have a flipped bit. */
const damagedOnce = (count: number): Script => {
  const content = Buffer.from(CONTENT)
  for (const at of [300_000, 2_000_000]) content[at] = (content[at] ?? 0) ^ 1
  return (request, socket) =>
    answerHonestly(
      { content: request.index < count ? content : CONTENT, fields: { etag: '"1"' } },
      request,
      socket,
    )
}

t.test('of one server, two pieces that were damaged on the way are fetched again', async (t) => {
  const [server] = await serve(t, damagedOnce(15))
  const end = await run(t, [server as HostileServer], { described: { pieces: PIECES } })
  assertRight(t, end)
  const ranges = server?.requests.slice(15).map(({ headers }) => headers.get('range'))
  t.strictSame(ranges?.sort(), ['bytes=1966080-2031615', 'bytes=262144-327679'])
})

for (const [name, scripts, described] of [
  ['a server that lies', [sly()], { pieces: PIECES }],
  ['servers that all lie', [sly(), lying()], { pieces: PIECES }],
  ['a server that lies, and only pieces are known', [sly()], { hashes: [], pieces: PIECES }],
  ['a server that lies, and only weak pieces are known', [sly()], { hashes: [], pieces: WEAK_PIECES }],
  ['a server that lies, and only a weak hash is known', [sly()], { hashes: [['md5', 'md5']] }],
  ['a size that is too large', [good()], { size: SIZE + 1 }],
  ['a size that is too small', [good()], { size: SIZE - 1 }],
  ['a size that is 0', [good()], { size: 0, hashes: [] }],
  ['a size that no mirror has', [good(), good()], { size: SIZE + 1 }],
  ['a digest of the server that is another one', [good(REPR)], { hashes: [['sha-256', 'sha512-256']] }],
  [
    'a wrong hash beside a right one',
    [good()],
    {
      hashes: [
        ['sha-256', 'sha256'],
        ['md5', 'ripemd160'],
      ],
    },
  ],
] as const)
  t.test(`a file that contradicts its Metalink is not there: ${name}`, async (t) => {
    const dir = t.testdir({})
    // Of these hashes, as many digits are taken as the algorithm has that they are given for.
    const content = CONTENT
    const text = metalink(
      fileElement(content, (await serve(t, ...scripts)).map(urlOf), described as Described),
    )
    const { files } = await readMetalink(shortened(text), { directory: dir })
    const all = downloadAll(files, { ...QUICK, ...SMALL })
    for await (const { error } of all) t.equal(error?.code, 'ERR_DOWNLOAD_DIGEST', error?.message ?? '')
    t.strictSame(names(dir), [])
    await t.rejects(all.finished, DownloadError)
  })

/** A ripemd160 with the length of an md5. */
function shortened(text: string): string {
  return text.replace(/(<hash type="md5">[0-9a-f]{32})[0-9a-f]{8}</, '$1<')
}

t.test('a download goes on with the mirrors of a newer document', async (t) => {
  const dir = t.testdir({})
  const stop = new AbortController()
  let answers = 0
  const stopping: Script = (request, socket) => {
    if (++answers > 6) stop.abort()
    answerHonestly({ content: CONTENT, fields: { etag: '"a"' } }, request, socket)
  }
  const first = await run(t, await serve(t, stopping), { dir, signal: stop.signal })
  t.equal(first.outcome.error?.code, 'ERR_DOWNLOAD_ABORTED')
  const servers = await serve(t, good({ etag: '"b"' }), refusing('404 Not Found'))
  const end = await run(t, servers, { dir })
  assertRight(t, end)
  t.ok((end.outcome.result?.resumed ?? 0) > 0)
  t.strictSame(names(dir), ['file.bin'])
})

t.test('what a mirror that lied has left in an earlier run is found by its pieces', async (t) => {
  const dir = t.testdir({})
  const stop = new AbortController()
  let answers = 0
  const stopping: Script = (request, socket) => {
    if (++answers > 8) stop.abort()
    return sly()(request, socket)
  }
  const first = await run(t, await serve(t, stopping, refusing('404 Not Found')), {
    dir,
    signal: stop.signal,
  })
  t.equal(first.outcome.error?.code, 'ERR_DOWNLOAD_ABORTED')
  const end = await run(t, await serve(t, good(), good()), { dir, described: { pieces: PIECES } })
  assertRight(t, end)
  t.ok((end.outcome.result?.resumed ?? 0) > 0)
  t.strictSame(end.outcome.result?.warnings, [])
})

t.test('a secret goes only to the origin that the document came from', async (t) => {
  const servers = await serve(t, good(), good())
  const [own, other] = servers as [HostileServer, HostileServer]
  const headers = { authorization: 'Bearer secret', 'x-token': 'secret', 'accept-language': 'en' }
  const text = metalink(
    fileElement(CONTENT, [urlOf(own), urlOf(other)], { name: 'a' }) +
      fileElement(CONTENT, [urlOf(other), urlOf(own)], { name: 'b' }),
  )
  const dir = t.testdir({})
  const { files } = await readMetalink(text, { directory: dir, source: `${own.url}/x.meta4` })
  await downloadAll(files.slice(0, 1), { ...QUICK, headers }).finished
  t.ok(own.requests.length > 0)
  for (const { headers: sent } of own.requests) t.equal(sent.get('authorization'), 'Bearer secret')
  await downloadAll(files.slice(1), { ...QUICK, headers }).finished
  t.ok(other.requests.length > 0)
  for (const { headers: sent } of other.requests)
    t.strictSame(
      [sent.get('authorization'), sent.get('x-token'), sent.get('accept-language')],
      [undefined, undefined, 'en'],
    )
  sameBytes(t, readFileSync(join(dir, 'b')), CONTENT)
})

t.test('what a file of a document is, for downloadAll()', async (t) => {
  const text = metalink(
    fileElement(OTHER, ['http://a/x', 'http://b/x'], { name: 'sub/x', pieces: { length: SIZE } }),
  )
  const value = Buffer.from(hex(OTHER), 'hex').toString('base64')
  t.match(await readMetalink(Buffer.from(text), { directory: 'd' }), {
    files: [
      {
        name: 'sub/x',
        url: 'http://a/x',
        destination: join('d', 'sub/x'),
        mirrors: ['http://b/x'],
        checksum: `sha-256=${value}`,
        resumeKey: `sha-256=${value}`,
        expected: {
          size: SIZE,
          digests: [],
          pieces: { length: SIZE, algorithm: 'sha-256', digests: [value] },
        },
      },
    ],
    notes: [],
  })
})

t.test('wrong options are usage errors', async (t) => {
  const text = metalink(fileElement(CONTENT, ['http://h/x']))
  for (const options of [
    { directory: '' },
    { directory: 'a\0' },
    { directory: 5 },
    { source: 'x' },
    { headers: {} },
    { dir: 'x' },
  ])
    await t.rejects(
      readMetalink(text, options as object),
      { code: 'ERR_DOWNLOAD_USAGE' },
      JSON.stringify(options),
    )
})

t.test('a server that is honest, but not about what it has, changes nothing', async (t) => {
  const servers = await serve(t, honest({ content: OTHER, fields: REPR }), good())
  assertRight(t, await run(t, servers, { described: { pieces: PIECES } }))
})

t.test('a Metalink that comes for a URL is not followed, and is said', async (t) => {
  const [server] = await serve(t, good({ 'content-type': 'application/metalink4+xml' }))
  const { file, result } = await get(urlOf(server as HostileServer), t.testdir({}))
  sameBytes(t, file, CONTENT)
  t.match(result?.warnings, [/^the server sent a Metalink, .*--metalink URL/])
})
