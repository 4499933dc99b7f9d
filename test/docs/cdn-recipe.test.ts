// The recipe "A CDN in front" of the plugin's README, with nginx as the cache.
import { createHash } from 'node:crypto'
import { renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import { type RangeRoutesOptions, rangeRoutes } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { type Answer, ask, type Where } from './support/ask.ts'
import { readDocument } from './support/markdown.ts'
import { startNginx } from './support/nginx.ts'
import { missing } from './support/programs.ts'
import { originOf } from './support/snippet.ts'

const BLOCK = readDocument('plugin/README.md').blocks.find(({ heading }) => heading === 'A CDN in front')
const SLICE = 1024 * 1024
const URL_OF_FILE = '/files/a%20b.js'
const MODIFIED_SECONDS = 1_600_000_000
const ASKS = { 'want-content-digest': 'sha-256=5', 'want-repr-digest': 'sha-256=5' }

/** Two slices and some bytes of the third. It does not compress well. */
function contentOf(version: string): Buffer {
  const lines = Array.from({ length: 33_000 }, (_, line) => sha256(`${version} ${line}`, 'hex'))
  return Buffer.from(lines.join('\n'))
}

function sha256(bytes: string | Buffer, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(bytes).digest(encoding)
}

const CONTENT = contentOf('first')
const DIGEST = `sha-256=:${sha256(CONTENT, 'base64')}:`
const bytesOf = ({ body }: Answer): Buffer => Buffer.from(body, 'latin1')

function write(root: string, name: string, content: Buffer, modified = MODIFIED_SECONDS): void {
  writeFileSync(join(root, 'new'), content)
  utimesSync(join(root, 'new'), modified, modified)
  renameSync(join(root, 'new'), join(root, name))
}

interface Site {
  readonly root: string
  readonly origin: string
  /** The ranges that the plugin was asked for. */
  readonly asked: unknown[]
}

async function serve(t: Test, options: Partial<RangeRoutesOptions> = {}): Promise<Site> {
  const root = t.testdir({})
  write(root, 'a b.js', CONTENT)
  const app = Fastify()
  t.teardown(() => app.close())
  const asked: unknown[] = []
  app.addHook('onRequest', async (request) => {
    asked.push(request.headers.range)
  })
  await app.register(rangeRoutes, { root, prefix: '/files', etag: 'content', ...options })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { root, asked, origin: originOf(app).replace('localhost', '127.0.0.1') }
}

/** The configuration of the README, for this origin. */
function cacheOf(origin: string): string {
  return (BLOCK?.text ?? '').replace('http://127.0.0.1:3000', origin)
}

type Get = (headers?: Record<string, string>, url?: string) => Promise<Answer>

async function startCache(t: Test, configuration: string): Promise<Get> {
  const cache = await startNginx(t, `gzip on; gzip_types text/javascript; ${configuration}`)
  return async (headers = {}, url = URL_OF_FILE) => await ask(cache, { url, headers })
}

const skip = await missing('nginx', '-v')

t.test('slices are stored, and answers are made of them', { skip }, async (t) => {
  const { origin, asked } = await serve(t)
  const get = await startCache(t, cacheOf(origin))
  const whole = await get({ 'accept-encoding': 'gzip' })
  t.equal(whole.status, 200)
  t.equal(whole.headers['content-encoding'], undefined, 'nginx does not compress it')
  t.ok(bytesOf(whole).equals(CONTENT))
  const slices = ['bytes=0-1048575', 'bytes=1048576-2097151', 'bytes=2097152-3145727']
  t.strictSame(asked.sort(), slices)
  const range = `bytes=${SLICE - 5}-${SLICE + 5}`
  for (const headers of [{ range }, { range, 'if-range': String(whole.headers.etag) }]) {
    const part = await get(headers)
    t.equal(part.status, 206)
    t.ok(bytesOf(part).equals(CONTENT.subarray(SLICE - 5, SLICE + 6)))
  }
  t.equal((await get({ range, 'if-range': '"another"' })).status, 200)
  t.equal((await get({ 'if-none-match': String(whole.headers.etag) })).status, 304)
  t.equal(asked.length, slices.length, 'nothing was asked for again')
})

t.test('a spelling that the plugin refuses is refused also when the file is stored', { skip }, async (t) => {
  const { origin } = await serve(t)
  const get = await startCache(t, cacheOf(origin))
  t.equal((await get()).status, 200)
  t.equal((await get({}, '/%66iles/a%20b.js')).status, 404)
  const byPath = await startCache(t, cacheOf(origin).replace('$request_uri', '$uri'))
  t.equal((await byPath()).status, 200)
  t.equal((await byPath({}, '/%66iles/a%20b.js')).status, 200, 'under $uri it would be sent')
})

t.test('a stored answer has no Content-Digest, and a Repr-Digest under "always"', { skip }, async (t) => {
  const { origin } = await serve(t, { digest: 'always' })
  await hashed(origin)
  const get = await startCache(t, cacheOf(origin))
  for (const headers of [{}, ASKS, { range: 'bytes=5-9' }, { range: 'bytes=5-9', ...ASKS }]) {
    const answer = await get(headers)
    t.equal(answer.headers['content-digest'], undefined)
    t.equal(answer.headers['repr-digest'], DIGEST)
  }
  const passing = await startCache(t, cacheOf(origin).replace(/proxy_set_header Want-.*/, ''))
  await passing(ASKS)
  const wrong = await passing({ range: 'bytes=5-9' })
  t.not(wrong.headers['content-digest'], `sha-256=:${sha256(bytesOf(wrong), 'base64')}:`)
  t.ok(wrong.headers['content-digest'], 'otherwise it would be sent with other bytes')
})

t.test('a stored answer has a Repr-Digest only if its request asked for it', { skip }, async (t) => {
  const { origin } = await serve(t)
  await hashed(origin)
  const first = await startCache(t, cacheOf(origin))
  await first()
  t.equal((await first(ASKS)).headers['repr-digest'], undefined)
  const second = await startCache(t, cacheOf(origin))
  await second(ASKS)
  t.equal((await second()).headers['repr-digest'], DIGEST)
})

/** Resolves when the server has hashed the file in the background. */
async function hashed(origin: string): Promise<void> {
  const question = { url: URL_OF_FILE, method: 'HEAD', headers: ASKS }
  while ((await ask(origin, question)).headers['repr-digest'] === undefined) await sleep(10)
}

t.test('each form of a file is stored, for each value of Accept-Encoding', { skip }, async (t) => {
  const { root, origin, asked } = await serve(t, { precompressed: ['br', 'gzip'] })
  // Nothing decodes these.
  const forms = { identity: CONTENT, gzip: contentOf('in gzip'), br: contentOf('in br') }
  write(root, 'a b.js.gz', forms.gzip)
  write(root, 'a b.js.br', forms.br)
  const get = await startCache(t, cacheOf(origin))
  for (const round of ['asked for', 'stored']) {
    const before = asked.length
    for (const [form, bytes] of Object.entries(forms)) {
      const headers = { 'accept-encoding': form }
      const whole = await get(headers)
      t.ok(bytesOf(whole).equals(bytes), `${form}, ${round}`)
      t.equal(whole.headers.vary, 'Accept-Encoding')
      const range = `bytes=${SLICE - 5}-${SLICE + 5}`
      const part = await get({ ...headers, range, 'if-range': String(whole.headers.etag) })
      t.equal(part.status, 206)
      t.ok(bytesOf(part).equals(bytes.subarray(SLICE - 5, SLICE + 6)), `a part of ${form}, ${round}`)
    }
    if (round === 'stored') t.equal(asked.length, before)
  }
  const before = asked.length
  t.ok(bytesOf(await get({ 'accept-encoding': 'br, x' })).equals(forms.br))
  t.ok(asked.length > before, 'another value is asked for again')
})

t.test('slices of two versions are never joined: the answer is cut', { skip }, async (t) => {
  const { root, origin } = await serve(t)
  const get = await startCache(t, cacheOf(origin))
  t.equal((await get({ range: `bytes=0-${SLICE - 1}` })).status, 206)
  write(root, 'a b.js', contentOf('second'), MODIFIED_SECONDS + 1)
  await t.rejects(get(), /aborted/)
  await t.rejects(get(), 'as long as the slice is stored')
})

t.test('the nginx that is handed a file stores nothing, and one in front of it does', { skip }, async (t) => {
  const handOver = { header: 'X-Accel-Redirect', prefix: '/__files/' } as const
  const { root, origin, asked } = await serve(t, { handOver })
  const internal = `location /__files/ { internal; alias ${root}/; gzip off; }`
  const inner: Where = await startNginx(t, `${cacheOf(origin)} ${internal}`)
  const range = 'bytes=5-9'
  for (const _ of ['first', 'second'])
    t.equal((await ask(inner, { url: URL_OF_FILE, headers: { range } })).status, 206)
  t.equal(asked.length, 2)
  if (typeof inner === 'string') return t.fail('nginx listens on a socket here')
  const get = await startCache(t, cacheOf(`http://unix:${inner.socketPath}`))
  for (const _ of ['first', 'second']) {
    const whole = await get()
    t.ok(bytesOf(whole).equals(CONTENT))
    t.equal(whole.headers.etag, `"${MODIFIED_SECONDS.toString(16)}-${CONTENT.length.toString(16)}"`)
  }
  return t.equal(asked.length, 2 + 3)
})
