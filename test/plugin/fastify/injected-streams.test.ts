import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { CHANNELS, type RangePluginOptions, type RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { descriptorsBelow, serve, serveEverything, until } from '../support/serve.ts'

const SIZE = 4 * 1024 * 1024
const CONTENT = Buffer.alloc(SIZE, 'abcdefghijklmnopqrstuvwxyz')

/** Representations that are open. */
let open = 0

function sourceOf(read: object): RangeSource {
  return {
    open() {
      open++
      return { size: SIZE, etag: '"v"', close: () => void open--, ...read } as ReturnType<RangeSource['open']>
    },
  }
}

const SOURCES: Readonly<Record<string, RangeSource | undefined>> = {
  'a file': undefined,
  'a source at positions': sourceOf({
    readAt: async (target: Uint8Array, position: number) => CONTENT.copy(target, 0, position),
  }),
  'a source of streams': sourceOf({
    async *read({ first, last }: { first: number; last: number }) {
      for (let at = first; at <= last; at += 10_000)
        yield CONTENT.subarray(at, Math.min(at + 10_000, last + 1))
    },
  }),
}

type Routes = (app: FastifyInstance) => void

/** Hooks that get the payload, or replace it. */
const HOOKS: Readonly<Record<string, Routes>> = {
  'no hook': () => {},
  'a hook that looks on': (app) => app.addHook('onSend', async (_request, _reply, payload) => payload),
  'a hook that pipes': (app) =>
    app.addHook('onSend', async (_request, _reply, payload) => (payload as Readable).pipe(new PassThrough())),
}

/** The outcome of every answer while the test runs, of the channels and of Fastify's own hook. */
function listen(t: Test): string[] {
  const published: string[] = []
  for (const outcome of ['served', 'aborted'] as const) {
    const collect = (): unknown => published.push(outcome)
    subscribe(CHANNELS[outcome], collect)
    t.teardown(() => unsubscribe(CHANNELS[outcome], collect))
  }
  return published
}

/** How a reader leaves an answer. */
const LEAVINGS: Readonly<Record<string, (stream: Readable) => Promise<void>>> = {
  'before it reads': async (stream) => void stream.destroy(),
  'after some bytes': async (stream) => {
    await once(stream, 'readable')
    stream.read(10)
    stream.destroy()
  },
  'with an error': async (stream) => {
    stream.on('error', () => {})
    await once(stream, 'data')
    stream.destroy(new Error('enough'))
  },
  'by a loop that ends': async (stream) => {
    for await (const _chunk of stream) break
  },
}

for (const [name, source] of Object.entries(SOURCES)) {
  for (const [hook, addHook] of Object.entries(HOOKS)) {
    t.test(`a reader that leaves an injected stream ends its answer (${name}, ${hook})`, async (t) => {
      const root = t.testdir({ 'f.bin': CONTENT })
      const plugin: RangePluginOptions = { root, maxOpenFiles: 0, ...(source !== undefined && { source }) }
      const routes: Routes = (app) => {
        addHook(app)
        serveEverything(app)
      }
      const { app } = await serve(t, { plugin, routes })
      const published = listen(t)
      for (const [how, leave] of Object.entries(LEAVINGS)) {
        const answer = await app.inject({ url: '/f.bin', payloadAsStream: true })
        t.equal(answer.statusCode, 200)
        await leave(answer.stream())
        await until(() => published.length > 0 && open === 0 && descriptorsBelow(root) === 0)
        await turn()
        t.strictSame(published.splice(0), ['aborted'], how)
      }
      const whole = await app.inject({ url: '/f.bin', payloadAsStream: true })
      sameBytes(t, await buffer(whole.stream()), CONTENT, 'one that stays gets every byte')
      await until(() => published.length > 0 && open === 0 && descriptorsBelow(root) === 0)
      await turn()
      t.strictSame(published.splice(0), ['served'])
    })
  }
}
