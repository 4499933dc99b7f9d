// Several servers for one file. Bytes of two servers come together only with a proof that both have the same file, and what
// a server that lies has sent is fetched again from others.
import type { DownloadOptions } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type HostileServer, head, honest, makeContent, type Script } from '../support/hostile-server.ts'
import {
  CHECKSUM,
  CONTENT,
  dying,
  getFrom,
  good,
  hanging,
  laterRequests,
  lying,
  OTHER,
  REPR,
  redirected,
  refusing,
  SIZE,
  serve,
  sha256,
  whole,
} from '../support/mirrors.ts'

interface JoinRow {
  name: string
  scripts: [Script, Script]
  options?: DownloadOptions
  /** Do both send bytes of the file? */
  isJoined: boolean
}

const TAG = { etag: '"1"' }
const DATES = { 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT', date: 'Tue, 02 Jan 2024 00:00:00 GMT' }

const joinRows: JoinRow[] = [
  { name: 'a checksum', scripts: [good(), good()], options: { checksum: CHECKSUM }, isJoined: true },
  { name: 'an equal Repr-Digest', scripts: [good(REPR), good(REPR)], isJoined: true },
  {
    name: 'a Repr-Digest that redirects have',
    scripts: [good(REPR), redirected(REPR)],
    isJoined: true,
  },
  {
    name: 'an equal strong tag, if tags are shared',
    scripts: [good(TAG), good(TAG)],
    options: { mirrorTags: 'shared' },
    isJoined: true,
  },
  { name: 'an equal strong tag alone', scripts: [good(TAG), lying(TAG)], isJoined: false },
  {
    name: 'an equal weak tag, if tags are shared',
    scripts: [good({ etag: 'W/"1"' }), lying({ etag: 'W/"1"' })],
    options: { mirrorTags: 'shared' },
    isJoined: false,
  },
  {
    name: 'other tags, if tags are shared',
    scripts: [good(TAG), lying({ etag: '"2"' })],
    options: { mirrorTags: 'shared' },
    isJoined: false,
  },
  { name: 'an equal date', scripts: [good(DATES), lying(DATES)], isJoined: false },
  { name: 'nothing', scripts: [good(), lying()], isJoined: false },
  {
    name: 'another Repr-Digest',
    scripts: [good(REPR), lying({ 'repr-digest': `sha-256=:${sha256(OTHER)}:` })],
    isJoined: false,
  },
  {
    name: 'a Repr-Digest that is not the checksum',
    scripts: [good(), lying({ 'repr-digest': `sha-256=:${sha256(OTHER)}:` })],
    options: { checksum: CHECKSUM },
    isJoined: false,
  },
  {
    name: 'another size',
    scripts: [good(), honest({ content: makeContent(SIZE - 1), fields: {} })],
    options: { checksum: CHECKSUM },
    isJoined: false,
  },
]

for (const { name, scripts, options, isJoined } of joinRows)
  t.test(`two servers are ${isJoined ? 'joined' : 'kept apart'} by ${name}`, async (t) => {
    const servers = await serve(t, ...scripts)
    const { file, result, code } = await getFrom(t, servers, options)
    t.equal(code, null)
    sameBytes(t, file, CONTENT)
    t.equal(laterRequests(servers[1] as HostileServer) > 0, isJoined)
    t.equal(result?.warnings.length, isJoined ? 0 : 1)
    if (!isJoined) t.match(result?.warnings[0], new URL(servers[1]?.url ?? '').host)
  })

const useless: readonly (readonly [string, Script])[] = [
  ['404', refusing('404 Not Found')],
  [
    'a page',
    (_, socket) =>
      void socket.write(`${head('200 OK', { 'content-type': 'text/html', 'content-length': 5 })}<html`),
  ],
  ['a content coding', good({ 'content-encoding': 'gzip' })],
  ['no ranges', whole],
  ['silence', hanging],
  ['garbage', (_, socket) => void socket.end('\u0000\u0001garbage\r\n\r\n')],
  ['a closed connection', (_, socket) => void socket.destroy()],
  [
    'an endless redirect',
    (_, socket) => void socket.write(head('302 Found', { location: '/file.bin', 'content-length': 0 })),
  ],
  ['503', refusing('503 Service Unavailable')],
]

for (const count of [1, 2, 3])
  t.test(`a URL without ranges has the file if its mirror fails after ${count} answers`, async (t) => {
    const servers = await serve(t, whole, dying(count))
    const { file, code, message } = await getFrom(t, servers, { checksum: CHECKSUM })
    t.equal(code, null, message)
    sameBytes(t, file, CONTENT)
  })

for (const [name, script] of useless) {
  t.test(`a mirror with ${name} is left out`, async (t) => {
    const servers = await serve(t, good(), script)
    const { file, code, result } = await getFrom(t, servers, { checksum: CHECKSUM })
    t.equal(code, null)
    sameBytes(t, file, CONTENT)
    t.equal(result?.warnings.length, 1)
  })

  t.test(`a mirror stands in for a URL with ${name}`, async (t) => {
    const servers = await serve(t, script, good(TAG))
    const { file, code } = await getFrom(t, servers)
    t.equal(code, null)
    sameBytes(t, file, CONTENT)
  })
}

/** Each answer has another tag, as if each came from another node. */
const changingTags: Script = (request, socket) => good({ etag: `"${request.index}"` })(request, socket)

for (const [name, scripts, options] of [
  ['the URL', [changingTags, refusing('404 Not Found')], {}],
  ['the URL, with a checksum', [changingTags, refusing('404 Not Found')], { checksum: CHECKSUM }],
  ['a mirror, with a checksum', [refusing('404 Not Found'), changingTags], { checksum: CHECKSUM }],
] as const)
  t.test(
    `a server whose tag is another one each time delivers the file in one stream (${name})`,
    async (t) => {
      const servers = await serve(t, ...scripts)
      const end = await getFrom(t, servers, options)
      t.equal(end.code, null, end.message)
      sameBytes(t, end.file, CONTENT, 'the exact file')
    },
  )
