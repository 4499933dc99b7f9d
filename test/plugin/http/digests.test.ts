import { createHash } from 'node:crypto'
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import { bufferSource, type RangePluginOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { LONGEST_DIGESTED_BYTES } from '#plugin/body/content-digest.js'
import { fileDigests, LONGEST_AWAITED_BYTES } from '#plugin/files/file-digests.js'
import { numberedLines } from '../support/numbered-lines.ts'
import { descriptorsBelow, serve, serveEverything, until } from '../support/serve.ts'
import { type Answer, TRANSPORTS } from '../support/transports.ts'

const SHORT = numberedLines(10_000)
/** An answer does not wait for the hash of this. */
const LONG = numberedLines(LONGEST_AWAITED_BYTES + 1)
const WANT = { 'want-repr-digest': 'sha-256=10, sha-512=3' }
const WANT_LONG = { 'want-repr-digest': 'sha-512=1' }
const WANT_CONTENT = { 'want-content-digest': 'sha-256=1' }

type Algorithm = 'sha-256' | 'sha-512'

function digestOf(bytes: Uint8Array, algorithm: Algorithm = 'sha-256'): string {
  const digest = createHash(algorithm.replace('-', '')).update(bytes).digest('base64')
  return `${algorithm}=:${digest}:`
}

type Fields = Readonly<Record<string, string>>
type Get = (path: string, headers?: Fields, method?: 'GET' | 'HEAD') => Promise<Answer>

/** Asks over the first transport. */
function getFrom(port: number): Get {
  return async (path, headers = {}, method = 'GET') => {
    const answer = await TRANSPORTS[0]?.ask(port, { path, headers, method })
    if (answer === undefined) throw new Error('no transport')
    return answer
  }
}

async function serving(t: Test, plugin: RangePluginOptions = {}) {
  const root = t.testdir({ 'short.txt': SHORT, 'long.txt': LONG, 'empty.txt': '' })
  const { app, port } = await serve(t, { plugin: { root, ...plugin } })
  return { root, app, get: getFrom(port) }
}

/** Asks until the answer has a digest: a file is hashed in the background, however slow the machine is. */
async function digested(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await ask()
    if (answer.headers['repr-digest'] !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

for (const { name, server, ask } of TRANSPORTS) {
  t.test(`over ${name}, 200, 206, 304 and HEAD have the Repr-Digest that is asked for`, async (t) => {
    const root = t.testdir({ 'short.txt': SHORT })
    const { port } = await serve(t, { plugin: { root }, server })
    const get = (headers: Fields, method = 'GET'): Promise<Answer> =>
      ask(port, { path: '/short.txt', headers: { ...WANT, ...headers }, method })
    const whole = await get({})
    const { etag } = whole.headers
    for (const [status, answer] of [
      [200, whole],
      [206, await get({ range: 'bytes=5-9' })],
      [206, await get({ range: 'bytes=5-9,100-109' })],
      [304, await get({ 'if-none-match': String(etag) })],
      [200, await get({}, 'HEAD')],
      [304, await get({ 'if-none-match': String(etag) }, 'HEAD')],
    ] as const) {
      t.equal(answer.status, status)
      t.equal(answer.headers['repr-digest'], digestOf(SHORT), `${status}`)
    }
    const refused = [await get({ range: 'bytes=99999999-' }), await get({ 'if-match': '"other"' })]
    t.strictSame(
      refused.map(({ status, headers }) => [status, headers['repr-digest']]),
      [
        [416, undefined],
        [412, undefined],
      ],
    )
  })
}

t.test('a request that asks for no digest, or for unknown ones only, gets none', async (t) => {
  const { get } = await serving(t)
  for (const headers of [{}, { 'want-repr-digest': 'md5=5' }, { 'want-repr-digest': 'sha-256=0' }]) {
    t.equal((await get('/short.txt', headers)).headers['repr-digest'], undefined)
  }
})

t.test('a request gets sha-512 if it prefers that', async (t) => {
  const { get } = await serving(t)
  t.equal((await get('/short.txt', WANT_LONG)).headers['repr-digest'], digestOf(SHORT, 'sha-512'))
  const lines = { 'want-repr-digest': 'sha-256=1, sha-512=2' }
  t.equal((await get('/short.txt', lines)).headers['repr-digest'], digestOf(SHORT, 'sha-512'))
})

t.test('an empty file has the digests of no bytes', async (t) => {
  const { get } = await serving(t)
  const { headers } = await get('/empty.txt', { ...WANT, ...WANT_CONTENT })
  t.equal(headers['repr-digest'], digestOf(Buffer.alloc(0)))
  t.equal(headers['content-digest'], digestOf(Buffer.alloc(0)))
  t.equal((await get('/empty.txt', WANT_CONTENT, 'HEAD')).headers['content-digest'], undefined, 'HEAD')
})

t.test("digest: 'always' sends sha-256, or what is preferred", async (t) => {
  const { get } = await serving(t, { digest: 'always' })
  t.equal((await get('/short.txt')).headers['repr-digest'], digestOf(SHORT))
  t.equal((await get('/short.txt', { 'want-repr-digest': 'md5=1' })).headers['repr-digest'], digestOf(SHORT))
  t.equal((await get('/short.txt', WANT_LONG)).headers['repr-digest'], digestOf(SHORT, 'sha-512'))
})

t.test('digest: false sends none, whatever is asked for', async (t) => {
  const { get } = await serving(t, { digest: false })
  const { headers } = await get('/short.txt', { ...WANT, ...WANT_CONTENT })
  t.equal(headers['repr-digest'], undefined)
  t.equal(headers['content-digest'], undefined)
})

t.test('a long file is sent without a digest until it has been hashed in the background', async (t) => {
  const { get } = await serving(t)
  const first = await get('/long.txt', WANT, 'HEAD')
  t.equal(first.headers['repr-digest'], undefined)
  const later = await digested(() => get('/long.txt', { ...WANT, range: 'bytes=0-9' }))
  t.equal(later.status, 206)
  t.equal(later.headers['repr-digest'], digestOf(LONG))
  const stored = await get('/long.txt', { ...WANT, 'if-none-match': String(later.headers['etag']) })
  t.equal(stored.status, 304)
  t.equal(stored.headers['repr-digest'], digestOf(LONG), 'a stored answer gets it by a 304')
})

t.test('the first answer about 5 GiB does not wait, and closing the server stops the hash', async (t) => {
  const root = t.testdir({ 'huge.bin': '' })
  truncateSync(join(root, 'huge.bin'), 5 * 2 ** 30)
  const { app, port } = await serve(t, { plugin: { root } })
  const { status, headers } = await getFrom(port)('/huge.bin', WANT, 'HEAD')
  t.equal(status, 200)
  t.equal(headers['repr-digest'], undefined)
  t.equal(descriptorsBelow(root), 1)
  await app.close()
  await until(() => descriptorsBelow(root) === 0)
})

t.test('a file that has changed never has the digest of an earlier version', async (t) => {
  const { root, get } = await serving(t)
  const path = join(root, 'short.txt')
  t.equal((await get('/short.txt', WANT)).headers['repr-digest'], digestOf(SHORT))
  const versions: readonly (readonly [string, (bytes: Buffer) => void])[] = [
    ['rewritten in place', (bytes) => writeFileSync(path, bytes)],
    [
      'replaced',
      (bytes) => {
        writeFileSync(`${path}.new`, bytes)
        renameSync(`${path}.new`, path)
      },
    ],
  ]
  for (const [how, change] of versions) {
    const bytes = Buffer.from(`${how}, ${SHORT.subarray(how.length + 2)}`)
    change(bytes)
    const { headers, body } = await get('/short.txt', WANT)
    t.equal(headers['repr-digest'], digestOf(body), how)
  }
})

t.test('a file that grows is not hashed for each of its versions', async (t) => {
  const { root, get } = await serving(t)
  t.equal((await get('/short.txt', WANT)).headers['repr-digest'], digestOf(SHORT))
  appendFileSync(join(root, 'short.txt'), 'more')
  t.equal((await get('/short.txt', WANT)).headers['repr-digest'], undefined)
})

t.test('a digest of the handler, of an option or of a source comes first', async (t) => {
  const own = 'sha-256=:AAAA:'
  const root = t.testdir({ 'short.txt': SHORT })
  const source = bufferSource(SHORT, { etag: '"1"', headers: { 'Repr-Digest': own } })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.get('/handler', (_request, reply) => reply.header('Repr-Digest', own).sendRange('short.txt'))
      app.get('/option', (_request, reply) =>
        reply.sendRange('short.txt', { headers: { 'Repr-Digest': own } }),
      )
      app.get('/source', (_request, reply) => reply.sendRange('any', { source }))
    },
  })
  for (const url of ['/handler', '/option', '/source'])
    t.equal((await app.inject({ url, headers: WANT })).headers['repr-digest'], own, url)
  const stored = { 'if-none-match': '"1"' }
  const asked = await app.inject({ url: '/source', headers: { ...WANT, ...stored } })
  t.equal(asked.statusCode, 304)
  t.equal(asked.headers['repr-digest'], own, 'a 304 has it if it is asked for')
  t.equal((await app.inject({ url: '/source', headers: stored })).headers['repr-digest'], undefined)
})

t.test('a 304 with a weak tag, or without a tag, has no digest', async (t) => {
  const root = t.testdir({ 'short.txt': SHORT })
  const { app } = await serve(t, { plugin: { root } })
  const { etag } = (await app.inject('/short.txt')).headers
  const headers = { ...WANT, 'if-none-match': `W/${etag}`, 'accept-encoding': 'gzip' }
  const weak = await app.inject({ url: '/short.txt', headers })
  t.equal(weak.statusCode, 304)
  t.match(weak.headers['etag'], /^W\//)
  t.equal(weak.headers['repr-digest'], undefined)
})

t.test('content that a hook encodes has neither digest', async (t) => {
  const root = t.testdir({ 'short.txt': SHORT })
  const { port } = await serve(t, {
    plugin: { root },
    routes: async (app) => {
      await app.register(compress, { threshold: 0 })
      serveEverything(app)
    },
  })
  const wanted = { ...WANT, ...WANT_CONTENT, 'accept-encoding': 'gzip' }
  const { headers } = await getFrom(port)('/short.txt', wanted)
  t.equal(headers['content-encoding'], 'gzip')
  t.equal(headers['repr-digest'], undefined)
  t.equal(headers['content-digest'], undefined)
})

t.test('an error handler that answers instead has neither digest', async (t) => {
  const root = t.testdir({ 'short.txt': SHORT })
  const { app } = await serve(t, {
    plugin: { root },
    routes: (app) => {
      app.addHook('onSend', async (_request, reply) => {
        if (reply.statusCode === 200) throw new Error('a hook fails')
      })
      serveEverything(app)
    },
  })
  const { statusCode, headers } = await app.inject({
    url: '/short.txt',
    headers: { ...WANT, ...WANT_CONTENT },
  })
  t.equal(statusCode, 500)
  t.equal(headers['repr-digest'], undefined)
  t.equal(headers['content-digest'], undefined)
})

t.test('a short part has a Content-Digest of its own bytes if it is asked for', async (t) => {
  const { get } = await serving(t)
  for (const range of ['bytes=5-9', 'bytes=5-9,100-109']) {
    const { status, headers, body } = await get('/short.txt', { ...WANT_CONTENT, range })
    t.equal(status, 206)
    t.equal(headers['content-digest'], digestOf(body), range)
    t.equal(headers['repr-digest'], undefined, 'which is another question')
  }
  const whole = await get('/short.txt', { 'want-content-digest': 'sha-512=1' })
  t.equal(whole.headers['content-digest'], digestOf(SHORT, 'sha-512'))
  t.equal((await get('/short.txt', WANT)).headers['content-digest'], undefined)
  t.equal((await get('/short.txt', { 'want-content-digest': 'md5=1' })).headers['content-digest'], undefined)
  t.equal((await get('/short.txt', WANT_CONTENT, 'HEAD')).headers['content-digest'], undefined, 'HEAD')
})

t.test('a part of up to 8 MiB has a Content-Digest, and a longer one has none', async (t) => {
  const root = t.testdir({ 'huge.bin': '' })
  const bytes = numberedLines(LONGEST_DIGESTED_BYTES + 100_000)
  writeFileSync(join(root, 'huge.bin'), bytes)
  const { port } = await serve(t, { plugin: { root } })
  const get = getFrom(port)
  const last = LONGEST_DIGESTED_BYTES - 1
  for (const range of [
    `bytes=0-${last}`,
    `bytes=500000-${last},${last + 90_000}-${last + 90_009}`,
    'bytes=-70000',
  ]) {
    const { status, headers, body } = await get('/huge.bin', { 'want-content-digest': 'sha-512=1', range })
    t.equal(status, 206)
    t.equal(headers['content-digest'], digestOf(body, 'sha-512'), range)
  }
  for (const headers of [{}, { range: `bytes=0-${last + 1}` }] as const)
    t.equal((await get('/huge.bin', { ...WANT_CONTENT, ...headers })).headers['content-digest'], undefined)
})

t.test('a precompressed variant has a digest of its own', async (t) => {
  const stored = gzipSync(SHORT)
  const root = t.testdir({ 'short.txt': SHORT })
  writeFileSync(join(root, 'short.txt.gz'), stored)
  const { port } = await serve(t, { plugin: { root, precompressed: true } })
  const get = getFrom(port)
  const coded = await get('/short.txt', { ...WANT, 'accept-encoding': 'gzip' })
  t.equal(coded.headers['content-encoding'], 'gzip')
  t.equal(coded.headers['repr-digest'], digestOf(stored))
  t.equal((await get('/short.txt', WANT)).headers['repr-digest'], digestOf(SHORT))
})

t.test("under etag: 'content' the digest is the one that the tag is made of", async (t) => {
  const { get } = await serving(t, { etag: 'content' })
  // Every answer has waited for the tag, also of a long file.
  t.equal((await get('/long.txt', WANT, 'HEAD')).headers['repr-digest'], digestOf(LONG))
  const file = { versionKey: 'other' } as Parameters<typeof fileDigests.known>[0]
  t.equal(fileDigests.known(file, 'sha-256'), undefined)
})
