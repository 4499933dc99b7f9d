import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { bufferSource, fileSource, firstOf, type RangeSource, SendRangeError } from 'fastify-send-range'
import t from 'tap'
import { CountedSource } from '#plugin/contract/counted-source.js'
import { RawClient } from '../support/raw-client.ts'
import { type Served, serve, until } from '../support/serve.ts'

const nothing: RangeSource = { open: () => undefined }

function text(content: string): RangeSource {
  return bufferSource(Buffer.from(content))
}

/** Fails with an error. */
function failing(error: unknown): RangeSource {
  return {
    open() {
      throw error
    },
  }
}

/** Counts the calls of `open`. */
function asked(source: RangeSource): { readonly source: RangeSource; count: number } {
  const ledger = {
    count: 0,
    source: {
      open: (...args: Parameters<RangeSource['open']>) => {
        ledger.count++
        return source.open(...args)
      },
    },
  }
  return ledger
}

function reasonsIn({ log }: Pick<Served, 'log'>): (string | undefined)[] {
  const lines = log as unknown as { sendRange?: { outcome: string; reason?: string } }[]
  return lines.flatMap(({ sendRange }) => (sendRange?.outcome === 'refused' ? [sendRange.reason] : []))
}

t.test('the first source that has the path answers, and those after it are not asked', async (t) => {
  const root = t.testdir({ 'f.txt': 'of a file' })
  const later = asked(text('later'))
  const { app } = await serve(t, { plugin: { source: firstOf(nothing, fileSource({ root }), later.source) } })
  t.equal((await app.inject('/f.txt')).body, 'of a file')
  t.equal(later.count, 0)
  t.equal((await app.inject('/other.txt')).body, 'later')
  t.equal(later.count, 1)
})

t.test('a path that no source has is a 404', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const { app } = await serve(t, { plugin: { source: firstOf(fileSource({ root }), nothing) } })
  t.equal((await app.inject('/absent.txt')).statusCode, 404)
})

t.test('the log gives the reason that says most if no source has the path', async (t) => {
  const root = t.testdir({ 'f.txt': 'text', folder: {}, '.env': 'secret' })
  const [files, gone] = [fileSource({ root }), fileSource({ root: join(root, 'gone') })]
  const rows = [
    { source: firstOf(files, nothing), path: 'absent.txt', reason: 'missing' },
    { source: firstOf(nothing, files), path: 'absent.txt', reason: 'missing' },
    { source: firstOf(nothing, nothing), path: 'absent.txt', reason: 'not-in-source' },
    { source: firstOf(nothing, files), path: 'folder', reason: 'folder' },
    { source: firstOf(files, nothing), path: '.env', reason: 'dotfile' },
    { source: firstOf(files, gone), path: 'absent.txt', reason: 'root-missing' },
    { source: firstOf(gone, files), path: 'folder', reason: 'root-missing' },
    { source: firstOf(nothing, firstOf(files)), path: 'folder', reason: 'folder' },
  ]
  for (const { source, path, reason } of rows) {
    const served = await serve(t, { plugin: { source } })
    t.equal((await served.app.inject(`/${path}`)).statusCode, 404)
    t.strictSame(reasonsIn(served), [reason], path)
  }
})

t.test('a source that fails ends the answer, whatever the status of its error', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const notFound = Object.assign(new Error('gone for good'), { statusCode: 404 })
  const rows = [
    { error: new Error('/srv/secret'), status: 500, code: 'ERR_RANGE_SOURCE' },
    { error: 'text', status: 500, code: 'ERR_RANGE_SOURCE' },
    { error: notFound, status: 404, code: undefined },
    { error: new SendRangeError('ERR_RANGE_OVERLOADED', 'Busy'), status: 503, code: 'ERR_RANGE_OVERLOADED' },
  ]
  for (const { error, status, code } of rows) {
    const second = asked(fileSource({ root }))
    const { app } = await serve(t, { plugin: { source: firstOf(failing(error), second.source) } })
    const answer = await app.inject('/f.txt')
    t.equal(answer.statusCode, status)
    t.equal(answer.json().code, code)
    t.notMatch(answer.body, 'secret')
    t.equal(second.count, 0)
  }
})

t.test('a path that files refuse with another status than 404 ends the answer', async (t) => {
  const root = t.testdir({ '.env': 'secret' })
  const second = asked(text('second'))
  const source = firstOf(fileSource({ root, dotfiles: 'deny' }), second.source)
  const rows = { '.env': 403, '../f.txt': 403, 'a\0b': 400, 'a\\b': 400 }
  for (const [path, status] of Object.entries(rows)) {
    const routes = (app: FastifyInstance): unknown => app.get('/', (_request, reply) => reply.sendRange(path))
    const { app } = await serve(t, { plugin: { source }, routes })
    t.equal((await app.inject('/')).statusCode, status, JSON.stringify(path))
  }
  t.equal(second.count, 0)
})

t.test('a representation that breaks the contract is a 500, and the next source is not asked', async (t) => {
  const broken = { size: 4, readAt: async () => 4, close: 'no function' }
  const wrong = firstOf({ open: () => broken } as unknown as RangeSource, text('second'))
  const { app } = await serve(t, { plugin: { source: wrong } })
  const answer = await app.inject('/f.txt')
  t.equal(answer.statusCode, 500)
  t.equal(answer.json().code, 'ERR_RANGE_SOURCE')
})

t.test('a client that leaves aborts the source that is opening, and no other is asked', async (t) => {
  let signal: AbortSignal | undefined
  let give: (() => void) | undefined
  const slow = new CountedSource({
    open: (_path, context) => {
      signal = context.signal
      return new Promise((resolve) => {
        give = () => resolve({ size: 4, readAt: async () => 4, close() {} })
      })
    },
  })
  const second = asked(text('second'))
  const { port, errors } = await serve(t, {
    plugin: { source: firstOf(nothing, slow, second.source) },
  })
  const client = await RawClient.connect(port)
  client.request('GET', '/f.txt')
  await until(() => signal !== undefined)
  client.destroy()
  await until(() => signal?.aborted === true)
  t.equal(slow.opened, 0)
  give?.()
  await until(() => slow.closed === 1)
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(slow.closedAgain, 0, 'what was opened late is closed once')
  t.equal(second.count, 0)
  t.strictSame(errors(), [])
})

t.test('no other source is asked if one returns undefined after the client has left', async (t) => {
  for (const isPassedOn of [false, true]) {
    let signal: AbortSignal | undefined
    let end: (() => void) | undefined
    const slow: RangeSource = {
      open: (_path, context) => {
        signal = context.signal
        return new Promise((resolve) => {
          end = () => resolve(undefined)
        })
      },
    }
    const second = asked(text('second'))
    const both = firstOf(slow, second.source)
    const source: RangeSource = isPassedOn ? { open: (path, context) => both.open(path, context) } : both
    const { port, errors } = await serve(t, { plugin: { source } })
    const client = await RawClient.connect(port)
    client.request('GET', '/f.txt')
    await until(() => signal !== undefined)
    client.destroy()
    await until(() => signal?.aborted === true)
    end?.()
    await new Promise((resolve) => setImmediate(resolve))
    t.equal(second.count, 0)
    t.strictSame(errors(), [])
  }
})

t.test('each source gets the path and the context as they are', async (t) => {
  const seen: unknown[] = []
  const seeing: RangeSource = {
    open: (path, context) => {
      seen.push(path, context)
      return undefined
    },
  }
  const context = Object.freeze({ signal: new AbortController().signal, more: 'of a later version' })
  t.equal(await firstOf(seeing, firstOf(seeing)).open('a/b', context), undefined)
  t.strictSame(seen, ['a/b', context, 'a/b', context])
  t.equal(seen[1], context)
})

t.test('a hook that reads a stream too reads it from the same source', async (t) => {
  let opened = 0
  const chunks: RangeSource = {
    open: () => {
      opened++
      return { size: 4, read: () => [Buffer.from('text')], close() {} }
    },
  }
  const before: RangeSource = { open: () => (opened > 0 ? other : undefined) }
  const other = { size: 4, read: () => [Buffer.from('else')], close() {} }
  const seen: string[] = []
  const { app } = await serve(t, {
    plugin: { source: firstOf(before, chunks) },
    routes: (app) => {
      app.addHook('onSend', async (_request, _reply, payload) => {
        const stream = payload as NodeJS.ReadableStream
        stream.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
        return payload
      })
      app.get('/f.txt', (_request, reply) => reply.sendRange('f.txt'))
    },
  })
  t.equal((await app.inject('/f.txt')).body, 'text')
  t.equal(seen.join(''), 'text')
})

t.test('an argument that is not a source, or none at all, is ERR_RANGE_OPTION', async (t) => {
  const getter = {
    get open(): never {
      throw new Error('/srv/secret')
    },
  }
  const wrong: readonly (readonly unknown[])[] = [
    [],
    [undefined],
    [null],
    ['files'],
    [[nothing, nothing]],
    [nothing, {}],
    [{ open: true }],
    [() => undefined],
    [nothing, Promise.reject(new Error('a source that comes later'))],
    [getter],
  ]
  for (const sources of wrong) {
    t.throws(() => firstOf(...(sources as RangeSource[])), {
      name: 'SendRangeError',
      code: 'ERR_RANGE_OPTION',
      message: /^(?!.*secret)/,
    })
  }
})

t.test('an object of an application never counts as a source of the package', async (t) => {
  const root = t.testdir({ 'f.txt': 'text' })
  const files = fileSource({ root })
  const unchecked = { size: 'four', readAt: async () => 4, close() {} }
  const forged: Readonly<Record<string, RangeSource>> = {
    'a copy with another open': { ...files, open: () => unchecked } as unknown as RangeSource,
    'an object that inherits': Object.create(files, {
      open: { value: () => unchecked },
    }) as RangeSource,
    'a proxy': new Proxy({ ...files }, { get: () => () => unchecked }) as RangeSource,
  }
  for (const [name, source] of Object.entries(forged)) {
    for (const used of [source, firstOf(nothing, source)]) {
      const { app } = await serve(t, { plugin: { source: used } })
      const answer = await app.inject('/f.txt')
      t.equal(answer.statusCode, 500, name)
      t.equal(answer.json().code, 'ERR_RANGE_SOURCE', name)
    }
  }
  const copies: readonly RangeSource[] = [{ ...files }, Object.create(files), new Proxy(files, {})]
  for (const source of copies) {
    const { app } = await serve(t, { plugin: { source } })
    t.equal((await app.inject('/f.txt')).body, 'text', 'a copy is a source as any other')
  }
})
