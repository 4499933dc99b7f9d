import { once } from 'node:events'
import { type Readable, Transform, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import compress from '@fastify/compress'
import type { FastifyInstance } from 'fastify'
import type { RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { numberedLines } from '../support/numbered-lines.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve, until } from '../support/serve.ts'

const CONTENT = numberedLines(1024 * 1024)

/** The same bytes from a source that yields them in order, for each reader. */
const bytesInOrder: RangeSource = {
  open: () => ({
    size: CONTENT.length,
    etag: '"v1"',
    async *read({ first, last }) {
      for (let at = first; at <= last; at += 50_000) {
        await sleep(0)
        yield CONTENT.subarray(at, Math.min(at + 50_000, last + 1))
      }
    },
    close() {},
  }),
}

/** The same bytes from a source that can be read at any position, and that notes how it is used. */
class BytesAnywhere implements RangeSource {
  readonly misuses: string[] = []
  #state: 'open' | 'closed' = 'open'
  #reading = 0

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  open() {
    return {
      size: CONTENT.length,
      etag: '"v1"',
      readAt: async (target: Uint8Array, position: number) => {
        if (this.isClosed) this.misuses.push('read after it was closed')
        this.#reading++
        await sleep(0)
        this.#reading--
        return CONTENT.copy(target, 0, position)
      },
      unchanged: async () => !this.isClosed,
      close: () => {
        if (this.isClosed) this.misuses.push('closed twice')
        if (this.#reading > 0) this.misuses.push('closed while it is read')
        this.#state = 'closed'
      },
    }
  }
}

type Hook = (payload: Readable) => unknown

const blackHole = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() })

/** Hooks that read the payload and do not change it. */
const LOOKS: Readonly<Record<string, Hook>> = {
  'a data listener': (payload) => payload.on('data', () => {}),
  'a data listener that empties what it is given': (payload) =>
    payload.on('data', (chunk: Buffer<ArrayBuffer>) => {
      if (chunk.byteLength > 4096) structuredClone(chunk, { transfer: [chunk.buffer] })
    }),
  'a data listener that writes over what it is given': (payload) =>
    payload.on('data', (chunk: Buffer) => chunk.fill(0)),
  'a pipe elsewhere': (payload) => payload.pipe(blackHole()),
  resume: (payload) => payload.resume(),
  'a readable listener': (payload) => payload.once('readable', () => {}),
  'waiting for the first chunk': (payload) => once(payload, 'data'),
  'reading one byte': async (payload) => {
    payload.on('readable', () => {})
    await once(payload, 'readable')
    payload.read(1)
    payload.removeAllListeners('readable')
  },
}

/** Hooks that add bytes, end the payload early, or have it decoded. */
const CHANGES: Readonly<Record<string, Hook>> = {
  setEncoding: (payload) => payload.setEncoding('latin1'),
  push: (payload) => payload.push('x'),
  'push(null)': (payload) => payload.push(null),
  'a stream in its place that loses the last byte': (payload) => {
    let held: Buffer | undefined
    return payload.pipe(
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          if (held !== undefined) this.push(held)
          held = chunk
          done()
        },
        flush(done) {
          done(null, held?.subarray(0, -1))
        },
      }),
    )
  },
}

async function serveBehind(
  t: Test,
  hooks: readonly Hook[],
  more: { source?: RangeSource; maxOpenFiles?: number } = {},
) {
  const root = t.testdir({ 'a.txt': CONTENT })
  return await serve(t, {
    plugin: more.source === undefined ? { root, ...more } : { source: more.source },
    routes(app: FastifyInstance) {
      for (const hook of hooks) {
        app.addHook('onSend', async (_request, reply, payload) => {
          if (!(payload instanceof Object && 'pipe' in payload) || reply.statusCode >= 400) return payload
          const given = await hook(payload as Readable)
          return given instanceof Transform ? given : payload
        })
      }
      app.get('/sentinel', async () => 'still here')
      app.get('/*', (_request, reply) => reply.sendRange('a.txt'))
    },
  })
}

/** How an answer ends: complete, an error or a cut; `wrong` if a client would take other bytes for the file. */
async function outcomeOf(port: number): Promise<'whole' | 'refused' | 'cut' | 'wrong'> {
  const client = await RawClient.connect(port)
  try {
    client.request('GET', '/a.txt')
    client.request('GET', '/sentinel')
    const { status, body, complete } = await client.readAnswer('GET')
    if (status >= 500) return 'refused'
    if (!complete) return 'cut'
    if (!body.equals(CONTENT)) return 'wrong'
    const next = await client.readAnswer('GET')
    return next.body.toString() === 'still here' ? 'whole' : 'wrong'
  } catch {
    return 'cut'
  } finally {
    client.destroy()
  }
}

for (const [name, look] of Object.entries(LOOKS)) {
  for (const ms of [0, 1, 20]) {
    t.test(`a hook that does this changes no byte: ${name}, and a wait of ${ms} ms`, async (t) => {
      const files = await serveBehind(t, [look, () => sleep(ms)])
      t.equal(await outcomeOf(files.port), 'whole', 'a file: every byte')
      const unkept = await serveBehind(t, [look, () => sleep(ms)], { maxOpenFiles: 0 })
      t.equal(await outcomeOf(unkept.port), 'whole', 'a file that is not kept open: every byte')
      const source = new BytesAnywhere()
      const positional = await serveBehind(t, [look, () => sleep(ms)], { source })
      t.equal(await outcomeOf(positional.port), 'whole', 'a source with readAt: every byte')
      await until(() => source.isClosed)
      t.strictSame(source.misuses, [])
      const { port } = await serveBehind(t, [look, () => sleep(ms)], { source: bytesInOrder })
      t.equal(await outcomeOf(port), 'whole', 'a source with read: every byte')
    })
  }
}

for (const [name, look] of Object.entries(LOOKS)) {
  for (const failing of [1, 2]) {
    t.test(
      `a read that fails behind a hook ends in an error or a cut (${name}, a wait, read ${failing} fails)`,
      async (t) => {
        let reads = 0
        const source: RangeSource = {
          open: () => ({
            size: CONTENT.length,
            etag: '"v1"',
            async readAt(target: Uint8Array, position: number) {
              if (position === 0 && ++reads >= failing) throw new Error('the disk is gone')
              return CONTENT.copy(target, 0, position)
            },
            close() {},
          }),
        }
        const { port } = await serveBehind(t, [look, () => sleep(20)], { source })
        t.match(await outcomeOf(port), /refused|cut/)
      },
    )
  }
}

for (const [name, change] of Object.entries(CHANGES)) {
  t.test(`no client takes the answer for the file (${name})`, async (t) => {
    for (const more of [{}, { source: bytesInOrder }]) {
      const { port } = await serveBehind(t, [change], more)
      t.match(await outcomeOf(port), /refused|cut/)
    }
  })
}

t.test('bytes that a hook puts in with unshift are never taken for the file', async (t) => {
  const hook: Hook = (payload) => payload.unshift(Buffer.from('x'))
  for (const more of [{}, { source: bytesInOrder }])
    t.equal(
      await outcomeOf((await serveBehind(t, [hook], more)).port),
      'whole',
      'the response reads by itself',
    )
})

for (const ms of [0, 1, 20]) {
  t.test(
    `an answer that is compressed after a read and a wait of ${ms} ms is complete, refused or cut`,
    async (t) => {
      const root = t.testdir({ 'a.txt': CONTENT })
      const { port } = await serve(t, {
        plugin: { root },
        async routes(app) {
          app.addHook('onSend', async (_request, reply, payload) => {
            if (reply.statusCode < 400 && payload instanceof Object && 'pipe' in payload) {
              ;(payload as Readable).on('data', () => {})
              await sleep(ms)
            }
            return payload
          })
          await app.register(compress)
          app.get('/*', (_request, reply) => reply.sendRange('a.txt'))
        },
      })
      const answer = await fetch(`http://127.0.0.1:${port}/a.txt`, {
        headers: { 'accept-encoding': 'gzip' },
      }).catch(() => undefined)
      const body = await answer?.arrayBuffer().catch(() => undefined)
      const isWhole = body !== undefined && Buffer.from(body).equals(CONTENT)
      t.ok(answer === undefined || answer.status >= 500 || body === undefined || isWhole)
    },
  )
}
