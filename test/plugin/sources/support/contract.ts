import { connect } from 'node:http2'
import type { RangePluginOptions, RangeSource, Representation } from 'fastify-send-range'
import type { Test } from 'tap'
import { sameBytes } from '../../../support/same-bytes.ts'
import { RawClient } from '../../support/raw-client.ts'
import { serve, until } from '../../support/serve.ts'

/** A source under test. */
export interface SourceUnderTest {
  /** Options that make the plugin read from it. */
  readonly plugin: RangePluginOptions
  /** A path under which there is {@link SourceUnderTest.content}. */
  readonly path: string
  /** Some megabytes: more than a connection buffers if its client does not read. */
  readonly content: Buffer
  /** A path that the source does not have. Leave out if it has every path. */
  readonly absent?: string
}

/** Counts the representations that a source has opened and closed. */
export interface Ledger {
  readonly source: RangeSource
  opened: number
  closed: number
}

/** Wraps a source to count its representations. */
export function counted(source: RangeSource): Ledger {
  const ledger: Ledger = {
    opened: 0,
    closed: 0,
    source: {
      async open(path, context) {
        const representation = await source.open(path, context)
        if (representation === undefined) return undefined
        ledger.opened++
        const close = (): void | Promise<void> => {
          ledger.closed++
          return representation.close()
        }
        return new Proxy(representation, {
          get: (target, name) => {
            if (name === 'close') return close
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }) as Representation
      },
    },
  }
  return ledger
}

interface Row {
  readonly name: string
  readonly range?: string
  /** Positions in the content, both inclusive. */
  readonly parts: readonly (readonly [first: number, last: number])[]
}

function rowsFor(size: number): readonly Row[] {
  return [
    { name: 'the whole', parts: [[0, size - 1]] },
    { name: 'the first byte', range: 'bytes=0-0', parts: [[0, 0]] },
    { name: 'the last byte', range: 'bytes=-1', parts: [[size - 1, size - 1]] },
    { name: 'the middle', range: 'bytes=1000-1999', parts: [[1000, 1999]] },
    { name: 'across the inner borders', range: 'bytes=65530-200000', parts: [[65530, 200_000]] },
    { name: 'open-ended', range: 'bytes=1234567-', parts: [[1_234_567, size - 1]] },
    { name: 'the whole by range', range: 'bytes=0-', parts: [[0, size - 1]] },
    { name: 'beyond the end', range: `bytes=${size - 5}-${size + 5}`, parts: [[size - 5, size - 1]] },
    {
      name: 'several, out of order',
      range: 'bytes=900000-999999, 0-9, 500000-500000',
      parts: [
        [900_000, 999_999],
        [0, 9],
        [500_000, 500_000],
      ],
    },
  ]
}

/** Runs the contract of every source against the plugin with a source. */
export async function keepsTheContract(t: Test, make: (t: Test) => SourceUnderTest): Promise<void> {
  await t.test('every kind of range gets the right bytes', async (t) => {
    const { plugin, path, content } = make(t)
    const { port, errors } = await serve(t, { plugin })
    const client = await RawClient.connect(port)
    for (const { name, range, parts } of rowsFor(content.length)) {
      const { status, body } = await client.exchange(
        'GET',
        `/${path}`,
        range === undefined ? [] : [`Range: ${range}`],
      )
      t.equal(status, range === undefined ? 200 : 206, name)
      if (parts.length === 1) {
        const [first, last] = parts[0] ?? [0, 0]
        sameBytes(t, body, content.subarray(first, last + 1), name)
        continue
      }
      let from = 0
      for (const [first, last] of parts) {
        const head = `Content-Range: bytes ${first}-${last}/${content.length}\r\n\r\n`
        const at = body.indexOf(head, from) + head.length
        t.ok(at > head.length, `${name}: the part ${first}-${last}, in the order asked`)
        from = at + last - first + 1
        sameBytes(t, body.subarray(at, from), content.subarray(first, last + 1), `${name}: its bytes`)
      }
    }
    client.destroy()
    t.strictSame(errors(), [])
  })

  await t.test('validators are the same from one answer to the next', async (t) => {
    const { plugin, path, content } = make(t)
    const { app } = await serve(t, { plugin })
    const first = await app.inject({ method: 'HEAD', url: `/${path}` })
    t.equal(first.headers['content-length'], String(content.length))
    const etag = String(first.headers.etag)
    t.match(etag, /^"/, 'strong')
    const url = `/${path}`
    const range = 'bytes=5-9'
    t.equal((await app.inject({ url, headers: { 'if-none-match': etag } })).statusCode, 304)
    t.equal((await app.inject({ url, headers: { range, 'if-range': etag } })).statusCode, 206)
    t.equal((await app.inject({ url, headers: { range, 'if-range': '"x"' } })).statusCode, 200)
    t.equal((await app.inject({ url, headers: { range, 'if-match': '"x"' } })).statusCode, 412)
    t.equal((await app.inject({ url, headers: { range: `bytes=${content.length}-` } })).statusCode, 416)
  })

  await t.test('a path without a representation is a 404', async (t) => {
    const { plugin, absent } = make(t)
    if (absent === undefined) return
    const { app } = await serve(t, { plugin })
    t.equal((await app.inject(`/${absent}`)).statusCode, 404)
    t.equal((await app.inject({ method: 'HEAD', url: `/${absent}` })).statusCode, 404)
  })

  await t.test('every representation is closed once, also if the client leaves', async (t) => {
    const { plugin, path } = make(t)
    const { source } = plugin
    if (source === undefined) return
    const ledger = counted(source)
    for (const http2 of [false, true]) {
      const served = await serve(t, {
        plugin: { ...plugin, source: ledger.source },
        server: http2 ? { http2 } : {},
      })
      const url = `/${path}`
      for (const headers of [{}, { range: 'bytes=0-3' }, { 'if-none-match': '*' }, { 'if-match': '"x"' }]) {
        await served.app.inject({ url, headers })
        await served.app.inject({ method: 'HEAD', url, headers })
      }
      for (let turn = 0; turn < 20; turn++) await (http2 ? leaveHttp2 : leaveHttp1)(served.port, url, turn)
      await until(() => ledger.closed === ledger.opened)
      t.ok(ledger.opened >= 8)
      t.strictSame(served.errors(), [])
    }
    t.equal(ledger.closed, ledger.opened)
  })
}

async function leaveHttp1(port: number, target: string, turn: number): Promise<void> {
  const client = await RawClient.connect(port)
  client.request('GET', target, turn % 2 === 0 ? [] : ['Range: bytes=0-2000000, 2100000-'])
  if (turn % 3 > 0) await client.readBytes(turn % 3 === 1 ? 1 : 100_000)
  client.destroy()
}

async function leaveHttp2(port: number, target: string, turn: number): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ':path': target })
  stream.on('error', () => {})
  const closed = new Promise((resolve) => stream.once('close', resolve))
  if (turn % 2 === 0) stream.once('data', () => stream.close(8))
  else stream.once('response', () => session.destroy())
  await closed
  session.destroy()
}
