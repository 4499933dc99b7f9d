import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type RangeSource, type Representation, SendRangeError } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { serve, until } from '../support/serve.ts'
import { type Answer, TRANSPORTS } from '../support/transports.ts'

/** Longer than what is sent at once, and than all that is read before the head. */
const FIRST = numberedLines(1_000_000)
const SECOND = Buffer.from(FIRST.toString().toUpperCase().replaceAll('\n', '!')).subarray(0, 900_000)
/** A longer chunk is handed on in parts. */
const CHUNK_BYTES = 60_000

/** How a source says that a version has changed. */
const CHANGES: Readonly<Record<string, () => Error>> = {
  'an error of this package': () => new SendRangeError('ERR_RANGE_CHANGED', 'changed'),
  'an error of another copy of it': () => Object.assign(new Error('changed'), { code: 'ERR_RANGE_CHANGED' }),
}

interface Version {
  readonly bytes: Buffer
  readonly etag: string
  /** Throws where a version has changed. `position` is that of the first byte of a read. */
  readonly check: (position: number) => void
}

type Kind = (version: Version) => Pick<Representation, 'size'> & object

/** The two kinds of representation. */
const KINDS: Readonly<Record<string, Kind>> = {
  'at positions': ({ bytes, check }) => ({
    size: bytes.length,
    async readAt(target: Uint8Array, position: number) {
      check(position)
      return bytes.copy(target, 0, position)
    },
  }),
  'as chunks': ({ bytes, check }) => ({
    size: bytes.length,
    async *read({ first, last }: { first: number; last: number }) {
      for (let at = first; at <= last; at += CHUNK_BYTES) {
        check(at)
        yield bytes.subarray(at, Math.min(at + CHUNK_BYTES, last + 1))
      }
    },
  }),
}

interface Changing {
  readonly source: RangeSource
  opened: number
  closed: number
}

/** Opens the first version as often as `times`, which changes before its first byte, and then the second. */
function changing(kind: Kind, fail: () => void, times = 1): Changing {
  const counts: Changing = {
    opened: 0,
    closed: 0,
    source: {
      open() {
        const isFirst = counts.opened++ < times
        const version = isFirst
          ? { bytes: FIRST, etag: '"v1"', check: fail }
          : { bytes: SECOND, etag: '"v2"', check() {} }
        const close = (): void => void counts.closed++
        return {
          ...kind(version),
          etag: version.etag,
          headers: { 'x-version': version.etag },
          close,
        } as never
      },
    },
  }
  return counts
}

const ROUTES: Readonly<Record<string, (app: FastifyInstance) => void>> = {
  'without hooks': route,
  'with a hook that does not read': (app) => {
    app.addHook('onSend', async (_request, _reply, payload) => payload)
    route(app)
  },
}

function route(app: FastifyInstance): void {
  app.get('/f', (_request, reply) => reply.header('x-own', 'kept').sendRange('f'))
}

interface Row {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly status: number
  readonly body: Buffer
}

const ROWS: readonly Row[] = [
  { name: 'whole', headers: {}, status: 200, body: SECOND },
  { name: 'a long range', headers: { range: 'bytes=100000-' }, status: 206, body: SECOND.subarray(100_000) },
  {
    name: 'a range with If-Range of the first',
    headers: { range: 'bytes=100000-', 'if-range': '"v1"' },
    status: 200,
    body: SECOND,
  },
  {
    name: 'a range that only the first has',
    headers: { range: 'bytes=900000-' },
    status: 416,
    body: Buffer.alloc(0),
  },
  { name: 'If-Match of the first', headers: { 'if-match': '"v1"' }, status: 412, body: Buffer.alloc(0) },
]

function hasVersion(t: Test, answer: Answer, { status, body }: Row): void {
  t.equal(answer.status, status)
  t.equal(answer.headers['x-own'], 'kept')
  if (body.length === 0) {
    t.equal(answer.headers['x-version'], undefined)
    return
  }
  t.match(answer.headers, { etag: '"v2"', 'x-version': '"v2"', 'content-length': String(body.length) })
  sameBytes(t, answer.body, body)
}

for (const transport of TRANSPORTS.filter(({ server }) => server.https === undefined)) {
  for (const [hooks, routes] of Object.entries(ROUTES)) {
    for (const [read, kind] of Object.entries(KINDS)) {
      t.test(
        `a version that changes before its first byte is replaced by the next (${read}, ${hooks}, ${transport.name})`,
        async (t) => {
          for (const [how, error] of Object.entries(CHANGES)) {
            for (const row of ROWS) {
              const changes = changing(kind, () => {
                throw error()
              })
              const { app, port, errors } = await serve(t, {
                plugin: { source: changes.source },
                server: transport.server,
                routes,
              })
              const answer = await transport.ask(port, { path: '/f', headers: row.headers })
              t.comment(`${how}: ${row.name}`)
              hasVersion(t, answer, row)
              await until(() => changes.closed === changes.opened)
              t.equal(changes.opened, 2)
              t.strictSame(errors(), [])
              await app.close()
            }
          }
        },
      )
    }
  }
}

t.test('a version that always changes is a 500 after it was opened three times', async (t) => {
  for (const [read, kind] of Object.entries(KINDS)) {
    const fail = (): void => {
      throw new SendRangeError('ERR_RANGE_CHANGED', 'changed')
    }
    const changes = changing(kind, fail, Number.POSITIVE_INFINITY)
    const { app } = await serve(t, { plugin: { source: changes.source }, routes: route })
    const answer = await app.inject('/f')
    t.equal(answer.statusCode, 500, read)
    t.equal(answer.json().code, 'ERR_RANGE_CHANGED')
    t.match(answer.headers, { 'x-own': 'kept', etag: undefined, 'x-version': undefined })
    await until(() => changes.closed === 3)
    t.equal(changes.opened, 3)
  }
})

t.test('an open that finds a change is tried again', async (t) => {
  let opened = 0
  const source: RangeSource = {
    open() {
      if (opened++ === 0) throw new SendRangeError('ERR_RANGE_CHANGED', 'changed')
      return { size: 2, etag: '"v2"', read: () => [Buffer.from('ok')], close() {} }
    },
  }
  const { app } = await serve(t, { plugin: { source }, routes: route })
  t.equal((await app.inject('/f')).body, 'ok')
  t.equal(opened, 2)
})

t.test(
  'a stream is opened again if its second chunk or the check after its last one finds a change',
  async (t) => {
    const atSecond = changing(KINDS['as chunks'] as Kind, () => {
      if (checked++ > 0) throw new SendRangeError('ERR_RANGE_CHANGED', 'changed')
    })
    let checked = 0
    let opened = 0
    const atEnd: RangeSource = {
      open() {
        const version = ++opened
        const unchanged = async (): Promise<boolean> => version > 1
        return {
          size: 2,
          etag: `"v${version}"`,
          read: () => [Buffer.from(`v${version}`)],
          unchanged,
          close() {},
        }
      },
    }
    const one = await serve(t, { plugin: { source: atSecond.source }, routes: route })
    t.equal((await one.app.inject('/f')).headers.etag, '"v2"')
    t.equal(atSecond.opened, 2)
    const other = await serve(t, { plugin: { source: atEnd }, routes: route })
    t.match(await other.app.inject('/f'), { statusCode: 200, body: 'v2', headers: { etag: '"v2"' } })
  },
)

t.test('a stream is opened once if no hook reads it, and not read for HEAD', async (t) => {
  for (const routes of Object.values(ROUTES)) {
    let reads = 0
    const counts = changing(KINDS['as chunks'] as Kind, () => {})
    const source: RangeSource = {
      async open(path, context) {
        const opened = (await counts.source.open(path, context)) as Representation & { read: () => [] }
        const read = (...args: unknown[]): unknown => {
          reads++
          return Reflect.apply(Reflect.get(opened, 'read'), opened, args)
        }
        return { ...opened, read } as never
      },
    }
    const { port, app } = await serve(t, { plugin: { source }, routes })
    t.equal((await app.inject({ method: 'HEAD', url: '/f' })).statusCode, 200)
    t.equal(reads, 0)
    const answer = await TRANSPORTS[0]?.ask(port, { path: '/f' })
    sameBytes(t, answer?.body ?? Buffer.alloc(0), SECOND)
    t.strictSame([counts.opened, reads], [2, 1])
  }
})

t.test('a file that is written to while its first bytes are read is read again', async (t) => {
  const root = t.testdir({ f: FIRST.subarray(0, 300_000) })
  let calls = 0
  const etag = (): string => {
    calls++
    if (calls === 1) appendFileSync(join(root, 'f'), 'more')
    return `"v${calls}"`
  }
  const { port, errors } = await serve(t, { plugin: { root, etag, maxOpenFiles: 0 }, routes: route })
  const [http1] = TRANSPORTS
  const answer = await http1?.ask(port, { path: '/f' })
  t.match(answer, { status: 200, headers: { etag: '"v2"', 'content-length': '300004' } })
  t.equal(answer?.body.subarray(-4).toString(), 'more')
  t.strictSame(errors(), [])
})
