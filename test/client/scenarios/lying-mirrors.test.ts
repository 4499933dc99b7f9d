// Mirrors that lie are found when the whole file is wrong: by the digests of parts, or because what they sent is fetched again
// from others. They are named, and the file is right or not there.
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type HostileServer, honest, makeContent, type Script } from '../support/hostile-server.ts'
import {
  breaking,
  CHECKSUM,
  CONTENT,
  digested,
  dying,
  getFrom,
  good,
  hanging,
  lying,
  OTHER,
  REPR,
  SIZE,
  serve,
  sha256,
  slow,
  sly,
} from '../support/mirrors.ts'
import { names } from '../support/run.ts'

// Many of these downloads fetch the file several times.
t.setTimeout(180_000)

/** Servers answer at once here, and late only on a busy machine. */
const PATIENT = { stallTimeout: 5000 }

const hostOf = (server: HostileServer | undefined): string => new URL(server?.url ?? '').host

/** An older version, of another size. */
const sized = (bytes: number): Script =>
  honest({ content: makeContent(bytes, 'older'), fields: { etag: `"${bytes}"` } })

interface Row {
  name: string
  scripts: Script[]
  /** The places of those that lie. */
  liars: number[]
  /** Do the servers prove the file by themselves? */
  isProvenByServers?: true
}

const rows: Row[] = [
  { name: 'a mirror that sends other bytes', scripts: [good(), lying()], liars: [1] },
  { name: 'a mirror that changes single bytes', scripts: [good(), sly()], liars: [1] },
  { name: 'the URL itself', scripts: [sly(), good()], liars: [0] },
  { name: 'the URL itself, of three', scripts: [sly(), good(), good()], liars: [0] },
  { name: 'the URL, with a shorter file', scripts: [sized(SIZE - 500_000), good()], liars: [0] },
  { name: 'the URL, with a longer file', scripts: [sized(SIZE + 500_000), good()], liars: [0] },
  { name: 'the URL, with an empty file', scripts: [sized(0), good()], liars: [0] },
  {
    name: 'the URL and a mirror, with files of other sizes',
    scripts: [sized(SIZE - 500_000), sized(SIZE + 500_000), good()],
    liars: [0, 1],
  },
  { name: 'two mirrors of three', scripts: [good(), sly(), lying()], liars: [1, 2] },
  {
    name: 'a mirror with an equal Repr-Digest',
    scripts: [good(REPR), sly(REPR)],
    liars: [1],
    isProvenByServers: true,
  },
  { name: 'a mirror, with Content-Digest of others', scripts: [digested(CONTENT), sly()], liars: [1] },
  {
    name: 'a mirror with a Content-Digest of wrong bytes',
    scripts: [good(), digested(OTHER), good()],
    liars: [1],
  },
  {
    name: 'both, of which one has a Content-Digest',
    scripts: [digested(CONTENT), digested(OTHER)],
    liars: [1],
  },
  { name: 'a mirror beside a slow one and a dead one', scripts: [good(), sly(), slow, hanging], liars: [1] },
]

for (const { name, scripts, liars, isProvenByServers } of rows)
  t.test(`what is wrong is fetched again, and the liar is named: ${name}`, async (t) => {
    const servers = await serve(t, ...scripts)
    const { file, result, code, message } = await getFrom(
      t,
      servers,
      isProvenByServers ? {} : { checksum: CHECKSUM },
    )
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
    t.equal(result?.integrity, isProvenByServers ? 'digest' : 'checksum')
    const named = result?.warnings.filter((each) => each.includes('sent wrong bytes')).join('\n') ?? ''
    for (const [place, server] of servers.entries())
      t.equal(named.includes(hostOf(server)), liars.includes(place), `${place} is named or not: ${named}`)
  })

/** A mirror that answers after the URL does. */
const late: Script = async (request, socket) => {
  await sleep(100)
  return await good()(request, socket)
}
const failing =
  (times: number): Script =>
  (request, socket) =>
    request.index < times ? void socket.destroy() : good()(request, socket)

for (const [name, mirror] of [
  ['answers late', late],
  ['fails once before it answers', failing(1)],
  ['fails three times before it answers', failing(3)],
] as const)
  t.test(`a URL with a file of another size than expected is no failure: its mirror ${name}`, async (t) => {
    // Its second answer would come when the mirror is compared with it.
    const first: Script = async (request, socket) => {
      if (request.index > 0) await sleep(300)
      return await sized(SIZE - 7)(request, socket)
    }
    const servers = await serve(t, first, mirror)
    const options = { ...PATIENT, checksum: CHECKSUM, expected: { size: SIZE } }
    const { file, code, message } = await getFrom(t, servers, options)
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

/** An older version, of another size, from a server that sends only `answers` of them in full, and then closes each connection. */
const failingAfter =
  (answers: number): Script =>
  (request, socket) =>
    request.index < answers ? sized(SIZE - 500_000)(request, socket) : void socket.destroy()

for (const answers of [1, 2, 4]) {
  t.test(
    `a URL with an older file fails after ${answers} answers: a checksum allows the file of the mirror`,
    async (t) => {
      const servers = await serve(t, failingAfter(answers), good())
      const { file, code, message } = await getFrom(t, servers, { ...PATIENT, checksum: CHECKSUM })
      t.equal(code, null, message)
      sameBytes(t, file, CONTENT)
    },
  )
  t.test(
    `a URL with another file fails after ${answers} answers: without a checksum it is not that of a mirror`,
    async (t) => {
      const servers = await serve(t, failingAfter(answers), good())
      const { file, code, message } = await getFrom(t, servers, PATIENT)
      t.equal(code, 'ERR_DOWNLOAD_NETWORK', message)
      t.equal(file, null)
    },
  )
}

t.test('if all servers have a file of another size than expected, that is what the error says', async (t) => {
  const servers = await serve(t, sized(SIZE - 7), sized(SIZE - 8))
  const { code, message } = await getFrom(t, servers, { checksum: CHECKSUM, expected: { size: SIZE } })
  t.equal(code, 'ERR_DOWNLOAD_DIGEST')
  t.match(message, /it has 2999993 bytes, not 3000000/)
})

t.test('if all servers lie, there is no file', async (t) => {
  const servers = await serve(t, sly(), lying())
  const { file, code } = await getFrom(t, servers, { checksum: CHECKSUM })
  t.equal(code, 'ERR_DOWNLOAD_DIGEST')
  t.equal(file, null)
  t.strictSame(names(t.testdirName), [])
})

/** As long as files whose servers are compared at the beginning. */
const LONG = makeContent(17 * 1024 * 1024, 'long')
const STALE = makeContent(LONG.length, 'stale')
const LONG_CHECKSUM = `sha-256=${sha256(LONG)}`
const long = (content: Buffer, etag: string): Script => honest({ content, fields: { etag } })

for (const right of [0, 1, 2])
  t.test(
    `two servers with an older file of the same size do not outvote the checksum: ${right}`,
    async (t) => {
      const scripts = [0, 1, 2].map((at) => (at === right ? long(LONG, '"new"') : long(STALE, '"old"')))
      const servers = await serve(t, ...scripts)
      const options = { checksum: LONG_CHECKSUM, segmentSize: 2_000_000 }
      const { file, result, code, message } = await getFrom(t, servers, options)
      t.equal(code, null, message)
      sameBytes(t, file, LONG)
      const named = result?.warnings.join('\n') ?? ''
      for (const [place, server] of servers.entries())
        t.equal(named.includes(hostOf(server)), place !== right, `${place} is named or not: ${named}`)
    },
  )

t.test('no more than three files are fetched again, and then one from each server', async (t) => {
  const servers = await serve(t, sly(), lying(), sly(), lying())
  let bytes = 0
  const onSegment = (report: { bytes: number }): void => {
    bytes += report.bytes
  }
  const { code } = await getFrom(t, servers, { checksum: CHECKSUM, onSegment })
  t.equal(code, 'ERR_DOWNLOAD_DIGEST')
  t.ok(bytes <= (1 + 3 + servers.length) * SIZE, `${bytes / SIZE} files have come`)
})

for (const count of [1, 2, 5])
  for (const [how, script] of [
    ['closes its connections', dying],
    ['breaks off', breaking],
  ] as const)
    for (const place of [0, 1])
      t.test(`a server that ${how} after ${count} answers does no harm in place ${place}`, async (t) => {
        const scripts = [good(), good()]
        scripts[place] = script(count)
        const servers = await serve(t, ...scripts)
        const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM })
        t.equal(code, null, message)
        sameBytes(t, file, CONTENT)
      })
