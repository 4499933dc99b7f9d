import { PassThrough, pipeline, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { serve, until } from '../support/serve.ts'
import {
  CountingSource,
  type Hook,
  outcomeOf,
  type Positional,
  type Streamed,
  serveBehind,
} from './support/counting-sources.ts'

/** Hooks that replace the payload with a copy that reads it. `pipe` does not pass errors on. */
const COPIES: Readonly<Record<string, Hook>> = {
  'a piped copy': (payload) => payload.pipe(new PassThrough()),
  'a piped copy, and a wait': async (payload) => {
    const copy = payload.pipe(new PassThrough())
    await sleep(20)
    return copy
  },
  'a copy of a piped copy': (payload) => payload.pipe(new PassThrough()).pipe(new PassThrough()),
  'a pipeline': (payload) => pipeline(payload, new PassThrough(), () => {}),
  'a piped copy without listeners': (payload) => {
    const copy = payload.pipe(new PassThrough())
    setImmediate(() => payload.removeAllListeners())
    return copy
  },
  'no listeners': (payload) => void payload.removeAllListeners(),
  'no listeners, later': (payload) => setTimeout(() => payload.removeAllListeners(), 2),
}

/** Fails before its first byte. */
class Failing extends CountingSource {
  readonly #kind: string

  constructor(kind: string) {
    super()
    this.#kind = kind
  }

  bytes(): Streamed | Positional {
    const fail = async (): Promise<never> => {
      await sleep(5)
      throw new Error('the disk is gone')
    }
    if (this.#kind === 'read') return { read: () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) }) }
    return { readAt: fail }
  }
}

for (const kind of ['read', 'readAt']) {
  for (const [name, hook] of Object.entries(COPIES)) {
    t.test(`an answer ends when its ${kind} fails before the first byte, behind ${name}`, async (t) => {
      const source = new Failing(kind)
      const { port } = await serveBehind(t, source, hook)
      t.match(await outcomeOf(port), /refused|cut/)
      await until(() => source.closed === source.opened)
    })
  }

  t.test(`an error handler may send a stream when a ${kind} fails behind a piped copy`, async (t) => {
    const { port } = await serve(t, {
      plugin: { source: new Failing(kind) },
      routes(app) {
        app.setErrorHandler((_error, _request, reply) => reply.code(503).send(Readable.from(['sorry'])))
        app.addHook('onSend', async (_request, reply, payload) =>
          reply.statusCode < 400 ? (payload as Readable).pipe(new PassThrough()) : payload,
        )
        app.get('/*', (_request, reply) => reply.sendRange('a.txt'))
      },
    })
    const answer = await fetch(`http://127.0.0.1:${port}/a.txt`)
    t.equal(answer.status, 503)
    t.equal(await answer.text(), 'sorry')
  })
}
