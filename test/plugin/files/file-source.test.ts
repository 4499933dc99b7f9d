import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyInstance } from 'fastify'
import {
  fileSource,
  firstOf,
  type PositionalRepresentation,
  type RangeSource,
  rangePlugin,
} from 'fastify-send-range'
import t, { type Test } from 'tap'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const OPTION_ERROR = { name: 'SendRangeError', code: 'ERR_RANGE_OPTION', statusCode: 500 }
const WARN_LEVEL = 40

const wanted = { signal: new AbortController().signal }

/** Opens what is there, as a source of an application does that passes calls on. */
async function opened(source: RangeSource, path: string): Promise<PositionalRepresentation> {
  const representation = await source.open(path, wanted)
  if (representation === undefined || !('readAt' in representation)) throw new Error('nothing at positions')
  return representation
}

async function textOf(representation: PositionalRepresentation): Promise<string> {
  const target = Buffer.alloc(representation.size)
  await representation.readAt(target, 0, wanted.signal)
  return target.toString()
}

t.test('an option of the wrong kind is ERR_RANGE_OPTION and names the option', async (t) => {
  const wrong = {
    root: [null, 1, '', 'a\0b', new URL('https://test.invalid/')],
    dotfiles: [null, true, 'Ignore'],
    etag: [null, true, 'weak'],
    acceptRanges: [null, true, 'items'],
    maxOpenFiles: [null, -1, 1.5, '5'],
  }
  for (const [option, values] of Object.entries(wrong)) {
    for (const value of values) {
      const make = (): RangeSource => fileSource({ [option]: value })
      t.throws(make, { ...OPTION_ERROR, message: new RegExp(option) }, `${option}: ${JSON.stringify(value)}`)
    }
  }
})

t.test(
  'an option that is not about files, or options that are not a plain object, are ERR_RANGE_OPTION',
  async (t) => {
    for (const options of [{ maxRanges: 5 }, { source: {} }, { prefix: '/' }, null, '/srv', new Map(), []]) {
      t.throws(() => fileSource(options as object), OPTION_ERROR)
    }
    t.doesNotThrow(() => fileSource({ etag: undefined } as object), 'undefined is as left out')
  },
)

t.test('the default root is the working directory, and a root may be a file: URL', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const representation = await opened(fileSource({ root: pathToFileURL(root) }), 'f.txt')
  t.equal(await textOf(representation), 'text')
  await representation.close()
  const ofProject = await opened(fileSource(), 'package.json')
  await ofProject.close()
})

t.test('a root that is not a folder is an error at once, which names no path', async (t) => {
  const base = t.testdir({ file: 'text' })
  execFileSync('mkfifo', [join(base, 'fifo')])
  for (const root of [join(base, 'file'), join(base, 'fifo')]) {
    t.throws(() => fileSource({ root }), { ...OPTION_ERROR, message: "The option 'root' must name a folder" })
  }
})

/** Registers, and returns the messages of the warnings. */
async function warningsOf(t: Test, source: RangeSource): Promise<string[]> {
  const { log } = await serve(t, { plugin: { source } })
  return log.flatMap(({ level, msg }) => (level === WARN_LEVEL ? [msg] : []))
}

t.test('a root that is not there is a warning of the registration, and may come later', async (t) => {
  const base = t.testdir({ root: { 'f.txt': 'text' } })
  const absent = fileSource({ root: join(base, 'later') })
  t.match(await warningsOf(t, absent), [/is not there/])
  t.match(await warningsOf(t, firstOf(fileSource({ root: base }), firstOf(absent))), [/is not there/])
  const { app } = await serve(t, { plugin: { source: absent } })
  t.equal((await app.inject('/f.txt')).statusCode, 404)
  renameSync(join(base, 'root'), join(base, 'later'))
  t.equal((await app.inject('/f.txt')).body, 'text')
})

t.test('a root that has become a file is an error of the registration', async (t) => {
  const base = t.testdir({ root: {} })
  const source = fileSource({ root: join(base, 'root') })
  rmSync(join(base, 'root'), { recursive: true })
  writeFileSync(join(base, 'root'), 'text')
  for (const used of [source, firstOf({ open: () => undefined }, source)]) {
    const app = Fastify()
    t.teardown(() => app.close())
    await t.rejects(async () => app.register(rangePlugin, { source: used }), OPTION_ERROR)
  }
})

t.test('a call can be given a file source', async (t) => {
  const root = t.testdir({ own: { 'f.txt': 'own' }, other: { 'f.txt': 'other' } })
  const source = fileSource({ root: join(root, 'other') })
  const { app } = await serve(t, {
    plugin: { root: join(root, 'own') },
    routes: (app) => {
      app.get('/own', (_request, reply) => reply.sendRange('f.txt'))
      app.get('/other', (_request, reply) => reply.sendRange('f.txt', { source }))
      app.get('/both', (_request, reply) => reply.sendRange('f.txt', { source, root: join(root, 'own') }))
    },
  })
  t.equal((await app.inject('/own')).body, 'own')
  t.equal((await app.inject('/other')).body, 'other')
  t.equal((await app.inject('/both')).body, 'other', 'a source goes before a root')
})

t.test('a file that changes while its content is hashed is sent whole and without a tag', async (t) => {
  const size = 8 * 1024 * 1024
  const root = t.testdir({ 'f.bin': Buffer.alloc(size) })
  const file = await open(join(root, 'f.bin'), 'r+')
  t.teardown(() => file.close())
  for (const source of [
    fileSource({ root, etag: 'content' }),
    firstOf(fileSource({ root, etag: 'content' })),
  ]) {
    const { app, errors } = await serve(t, { plugin: { source } })
    let isOver = false
    const asked = app.inject({ method: 'HEAD', url: '/f.bin' }).finally(() => {
      isOver = true
    })
    while (!isOver) {
      await file.write(Buffer.from('x'), 0, 1, 0)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { statusCode, headers } = await asked
    t.equal(statusCode, 200)
    t.equal(headers.etag, undefined)
    t.equal(headers['accept-ranges'], 'none')
    t.strictSame(errors(), [])
  }
})

t.test('descriptors that are kept open are closed with the application', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  for (const source of [fileSource({ root }), firstOf(fileSource({ root }))]) {
    const app = Fastify()
    await app.register(rangePlugin, { source })
    app.get('/', (_request, reply) => reply.sendRange('f.txt'))
    for (let time = 0; time < 3; time++) t.equal((await app.inject('/')).body, 'text')
    await app.close()
    await until(() => descriptorsBelow(root) === 0)
  }
})

t.test('maxOpenFiles limits the descriptors that are kept open', async (t) => {
  const root = t.testdir({ a: '1', b: '2', c: '3' })
  const routes = (app: FastifyInstance): unknown =>
    app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
  for (const maxOpenFiles of [0, 1]) {
    const { app } = await serve(t, { plugin: { source: fileSource({ root, maxOpenFiles }) }, routes })
    for (const name of ['a', 'b', 'c']) await app.inject(`/${name}`)
    await until(() => descriptorsBelow(root) <= maxOpenFiles)
    await app.close()
    await until(() => descriptorsBelow(root) === 0)
  }
  t.pass()
})

t.test('a source of an application that closes a file twice does not close it for others', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const source = fileSource({ root })
  const [one, other] = [await opened(source, 'f.txt'), await opened(source, 'f.txt')]
  for (let time = 0; time < 5; time++) await one.close()
  t.equal(await textOf(other), 'text')
  await other.close()
})

t.test('changed bytes of a source of an application do not get into the cache of the file', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  const files = fileSource({ root })
  const masking: RangeSource = {
    open: async (path, context) => {
      const file = await files.open(path, context)
      if (file === undefined || !('readAt' in file)) return undefined
      return {
        ...file,
        async readAt(target, position, signal) {
          const count = await file.readAt(target, position, signal)
          target.fill(0x78, 0, count)
          return count
        },
      }
    },
  }
  const { app } = await serve(t, {
    plugin: { source: files },
    routes: (app) => {
      app.get('/plain', (_request, reply) => reply.sendRange('f.txt'))
      app.get('/masked', (_request, reply) => reply.sendRange('f.txt', { source: masking }))
    },
  })
  const headers = { range: 'bytes=2-4' }
  for (let time = 0; time < 3; time++) {
    t.equal((await app.inject({ url: '/masked', headers })).body, 'xxx')
    t.equal((await app.inject({ url: '/plain', headers })).body, '234')
  }
})

t.test('a source of an application gets the errors of refused paths, and undefined for a 404', async (t) => {
  const source = fileSource({ root: t.testdir({ 'f.txt': 'text', '.env': 'secret' }), dotfiles: 'deny' })
  await t.rejects(async () => source.open('.env', wanted), { code: 'ERR_RANGE_PATH_FORBIDDEN' })
  await t.rejects(async () => source.open('../f.txt', wanted), { code: 'ERR_RANGE_PATH_FORBIDDEN' })
  await t.rejects(async () => source.open('a\0b', wanted), { code: 'ERR_RANGE_PATH_INVALID' })
  await t.rejects(async () => source.open(5 as unknown as string, wanted), { code: 'ERR_RANGE_OPTION' })
  t.equal(await source.open('absent.txt', wanted), undefined)
  t.equal(await source.open('/f.txt', wanted), undefined)
})

t.test('an etag function sees the path and the size, and its tag is sent', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const source = firstOf(fileSource({ root, etag: ({ path, size }) => `${path}-${size}` }))
  const { app } = await serve(t, { plugin: { source } })
  t.equal((await app.inject('/f.txt')).headers.etag, '"f.txt-4"')
})
