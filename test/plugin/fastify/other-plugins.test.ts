import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance } from 'fastify'
import { type RangePluginOptions, rangePlugin } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { TRANSPORTS, type Transport } from '../support/transports.ts'

const SIZE = 200_000
const TEXT = 'a line of text that compresses well\n'.repeat(SIZE / 36 + 1).slice(0, SIZE)

type Neighbour = (app: FastifyInstance) => unknown

interface Neighbourhood {
  readonly neighbour: Neighbour
  readonly order: 'before' | 'after'
  readonly plugin: RangePluginOptions
  readonly transport: Transport
}

type Ask = (path: string, headers?: Record<string, string>, method?: string) => ReturnType<Transport['ask']>

async function serveBeside(t: Test, { neighbour, order, plugin, transport }: Neighbourhood): Promise<Ask> {
  const app = Fastify({ forceCloseConnections: true, ...transport.server } as object) as FastifyInstance
  t.teardown(() => app.close())
  if (order === 'before') await neighbour(app)
  await app.register(rangePlugin, plugin)
  if (order === 'after') await neighbour(app)
  await app.register(async (scope) => {
    scope.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
  })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  return (path, headers = {}, method = 'GET') => transport.ask(port, { method, path, headers })
}

const GZIP = { 'accept-encoding': 'gzip' }
const plain = TRANSPORTS.filter(({ server }) => server.https === undefined)

for (const transport of plain) {
  for (const order of ['before', 'after'] as const) {
    for (const size of [SIZE, 5000]) {
      t.test(
        `@fastify/compress leaves right answers (registered ${order}, ${size} bytes, ${transport.name})`,
        async (t) => {
          const root = t.testdir({ 'f.txt': TEXT.slice(0, size), 'f.png': Buffer.alloc(size, 1) })
          const neighbour: Neighbour = (app) => app.register(compress, { threshold: 0 })
          const ask = await serveBeside(t, { neighbour, order, plugin: { root }, transport })

          const identity = await ask('/f.txt')
          const strong = String(identity.headers['etag'])
          t.match(strong, /^"/, 'the file itself has a strong tag')
          t.equal(identity.headers['content-encoding'], undefined)

          const gzipped = await ask('/f.txt', GZIP)
          t.equal(gzipped.status, 200)
          t.equal(gzipped.headers['content-encoding'], 'gzip')
          t.equal(gunzipSync(gzipped.body).toString(), TEXT.slice(0, size))
          t.equal(gzipped.headers['etag'], `W/${strong}`, 'no two representations share a strong tag')
          t.equal(gzipped.headers['accept-ranges'], undefined, 'no ranges of what is made on the fly')
          t.match(gzipped.headers['vary'], /accept-encoding/i)

          const part = await ask('/f.txt', { ...GZIP, range: 'bytes=2-5' })
          t.equal(part.status, 206)
          t.equal(part.headers['content-encoding'], undefined, 'a range is of the file itself')
          t.equal(part.headers['etag'], strong)
          t.equal(part.body.toString(), TEXT.slice(2, 6))

          const parts = await ask('/f.txt', { ...GZIP, range: 'bytes=0-1, 10-20' })
          t.equal(parts.status, 206)
          t.equal(parts.headers['content-encoding'], undefined)
          t.match(parts.body.toString(), TEXT.slice(10, 21))

          const resumed = await ask('/f.txt', { ...GZIP, range: 'bytes=2-', 'if-range': `W/${strong}` })
          t.equal(resumed.status, 200, 'the compressed bytes are never continued with bytes of the file')

          for (const [tag, answered] of [
            [strong, strong],
            [`W/${strong}`, `W/${strong}`],
          ] as const) {
            const revalidated = await ask('/f.txt', { ...GZIP, 'if-none-match': tag })
            t.equal(revalidated.status, 304, tag)
            t.equal(revalidated.headers['etag'], answered)
            t.equal(revalidated.headers['content-encoding'], undefined)
            t.equal(revalidated.body.length, 0)
          }
          t.equal((await ask('/f.txt', { ...GZIP, 'if-match': `W/${strong}` })).status, 412)

          const head = await ask('/f.txt', GZIP, 'HEAD')
          t.equal(head.status, 200)
          t.equal(head.body.length, 0)

          const unsatisfiable = await ask('/f.txt', { ...GZIP, range: `bytes=${size}-` })
          t.equal(unsatisfiable.status, 416)
          t.equal(unsatisfiable.headers['content-range'], `bytes */${size}`)

          const binary = await ask('/f.png', GZIP)
          t.equal(binary.headers['content-encoding'], undefined)
          t.equal(binary.headers['accept-ranges'], 'bytes')
          t.match(binary.headers['etag'], /^"/, 'what is not compressed keeps its tag')
        },
      )
    }
  }
}

for (const order of ['before', 'after'] as const) {
  for (const policy of ['stat', 'content', false] as const) {
    t.test(
      `@fastify/etag leaves a part the tag of the whole file, or none (registered ${order}, our etag: ${policy})`,
      async (t) => {
        const root = t.testdir({ 'f.txt': TEXT.slice(0, 5000), 'big.txt': TEXT })
        const neighbour: Neighbour = (app) => app.register(etag)
        const transport = TRANSPORTS[0]
        if (transport === undefined) throw new Error('There is no transport')
        const ask = await serveBeside(t, { neighbour, order, plugin: { root, etag: policy }, transport })
        for (const path of ['/f.txt', '/big.txt']) {
          const whole = await ask(path)
          const tag = whole.headers['etag']
          const part = await ask(path, { range: 'bytes=0-3' })
          t.equal(part.status, 206)
          t.equal(part.headers['etag'], tag, `${path}: a part has the tag of the whole, or none`)
          const parts = await ask(path, { range: 'bytes=0-3, 10-20' })
          t.equal(parts.status, 206)
          t.equal(parts.headers['etag'], tag)
          if (policy === false) continue
          t.equal((await ask(path, { 'if-none-match': String(tag) })).status, 304)
          t.equal((await ask(path, { 'if-none-match': String(tag), range: 'bytes=0-3' })).status, 304)
          t.equal((await ask(path, { 'if-range': String(tag), range: 'bytes=0-3' })).body.length, 4)
          t.equal((await ask(path, { 'if-none-match': '"other"' })).status, 200)
        }
      },
    )
  }
}

t.test('@fastify/helmet adds its fields to an answer', async (t) => {
  const root = t.testdir({ 'f.html': '<p>text' })
  for (const order of ['before', 'after'] as const) {
    for (const transport of plain) {
      const neighbour: Neighbour = (app) => app.register(helmet)
      const ask = await serveBeside(t, { neighbour, order, plugin: { root }, transport })
      for (const [headers, status] of [
        [{}, 200],
        [{ range: 'bytes=0-1' }, 206],
        [{ range: 'bytes=100-' }, 416],
        [{ 'if-match': '"x"' }, 412],
        [{ 'if-none-match': '*' }, 304],
      ] as const) {
        const answer = await ask('/f.html', headers as Record<string, string>)
        t.equal(answer.status, status)
        t.equal(answer.headers['x-content-type-options'], 'nosniff', `${status} ${order} ${transport.name}`)
        t.ok(answer.headers['content-security-policy'] !== undefined)
      }
    }
  }
})

t.test('@fastify/static and this plugin each serve their own root', async (t) => {
  const root = t.testdir({ ours: { 'f.txt': 'ours' }, theirs: { 'f.txt': 'theirs' } })
  for (const order of ['before', 'after'] as const) {
    const app = Fastify()
    t.teardown(() => app.close())
    const ours = (): PromiseLike<unknown> => app.register(rangePlugin, { root: `${root}/ours` })
    if (order === 'before') await ours()
    await app.register(fastifyStatic, { root: `${root}/theirs`, prefix: '/static/' })
    if (order === 'after') await ours()
    app.get('/range', (_request, reply) => reply.sendRange('f.txt'))
    app.get('/file', (_request, reply) => reply.sendFile('f.txt'))
    t.equal((await app.inject('/static/f.txt')).body, 'theirs')
    t.equal((await app.inject('/file')).body, 'theirs')
    const { statusCode, headers, body } = await app.inject({ url: '/range', headers: { range: 'bytes=1-2' } })
    t.equal(statusCode, 206)
    t.equal(body, 'ur')
    t.match(headers.etag, /^"/, 'the tag is ours')
    t.match((await app.inject('/static/f.txt')).headers.etag, /^W\//, 'and theirs is theirs')
  }
})
