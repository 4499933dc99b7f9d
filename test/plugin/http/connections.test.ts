import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { readSentinel, SENTINEL, type Server, serveFiles } from '../support/file-server.ts'
import { numberedLines } from '../support/numbered-lines.ts'
import { field, RawConnection, type RawRequest } from '../support/raw-http.ts'
import { parseMultipart } from '../support/strict-multipart.ts'

const SMALL = numberedLines(100)
const LARGE = numberedLines(3_000_000)

interface Row {
  readonly name: string
  readonly request: RawRequest
  readonly status: number
  readonly body?: Buffer
}

function rows(etag: string): Row[] {
  const to = (name: string, ...fields: (readonly [string, string])[]): RawRequest => ({
    target: `/files/${name}`,
    fields,
  })
  return [
    { name: '200', request: to('small.txt'), status: 200, body: SMALL },
    {
      name: '206',
      request: to('small.txt', ['range', 'bytes=5-9']),
      status: 206,
      body: SMALL.subarray(5, 10),
    },
    { name: '200 of many writes', request: to('large.txt'), status: 200, body: LARGE },
    {
      name: '206 of many writes',
      request: to('large.txt', ['range', 'bytes=1000000-']),
      status: 206,
      body: LARGE.subarray(1_000_000),
    },
    { name: 'multipart 206', request: to('large.txt', ['range', 'bytes=0-1,5-6']), status: 206 },
    {
      name: 'multipart 206 of many writes',
      request: to('large.txt', ['range', 'bytes=0-999999,2000000-2900000']),
      status: 206,
    },
    { name: '304', request: to('small.txt', ['if-none-match', etag]), status: 304 },
    { name: '412', request: to('small.txt', ['if-match', '"other"']), status: 412 },
    { name: '416', request: to('small.txt', ['range', 'bytes=100-']), status: 416 },
    { name: '404', request: to('missing.txt'), status: 404 },
    { name: 'empty 200', request: to('empty.txt'), status: 200, body: Buffer.alloc(0) },
    { name: 'HEAD 200', request: { ...to('small.txt'), method: 'HEAD' }, status: 200 },
    { name: 'HEAD 200 of the large file', request: { ...to('large.txt'), method: 'HEAD' }, status: 200 },
    {
      name: 'HEAD 304',
      request: { ...to('small.txt', ['if-none-match', etag]), method: 'HEAD' },
      status: 304,
    },
    {
      name: 'HEAD 412',
      request: { ...to('small.txt', ['if-match', '"other"']), method: 'HEAD' },
      status: 412,
    },
    { name: 'HEAD 404', request: { ...to('missing.txt'), method: 'HEAD' }, status: 404 },
    {
      name: '412 to a POST with content',
      request: {
        ...to('small.txt', ['if-match', '"other"'], ['content-type', 'text/plain']),
        method: 'POST',
        body: 'x'.repeat(5000),
      },
      status: 412,
    },
  ]
}

async function start(t: Test): Promise<{ server: Server; rows: Row[] }> {
  const server = await serveFiles(t, {
    files: { 'small.txt': SMALL, 'large.txt': LARGE, 'empty.txt': '' },
    routes(app) {
      app.post('/files/*', (_request, reply) => reply.sendRange('small.txt'))
    },
  })
  const etag = String(field(await server.ask({ target: '/files/small.txt' }), 'etag'))
  return { server, rows: rows(etag) }
}

t.test('one connection carries every status, one after the other', async (t) => {
  const { server, rows } = await start(t)
  const connection = await RawConnection.open(server.port)
  t.teardown(() => connection.close())
  for (const row of [...rows, ...rows]) {
    connection.write(row.request)
    await assertAnswer(t, connection, row)
    connection.write(SENTINEL)
    await readSentinel(connection)
  }
  t.notOk(connection.ended)
})

t.test('every pipelined status is followed by the next answer', async (t) => {
  const { server, rows } = await start(t)
  for (const row of rows) {
    const connection = await RawConnection.open(server.port)
    t.teardown(() => connection.close())
    connection.write(row.request, SENTINEL, row.request, row.request, SENTINEL)
    await assertAnswer(t, connection, row)
    await readSentinel(connection)
    await assertAnswer(t, connection, row)
    await assertAnswer(t, connection, row)
    await readSentinel(connection)
    t.notOk(connection.ended, row.name)
  }
})

t.test('all statuses in one pipelined write are answered in order, also in reverse', async (t) => {
  const { server, rows } = await start(t)
  for (const order of [rows, rows.toReversed()]) {
    const connection = await RawConnection.open(server.port)
    t.teardown(() => connection.close())
    connection.write(...order.map(({ request }) => request), SENTINEL)
    for (const row of order) await assertAnswer(t, connection, row)
    await readSentinel(connection)
  }
})

t.test('a connection ends after Connection: close, and after HTTP/1.0', async (t) => {
  const { server, rows } = await start(t)
  for (const row of rows) {
    const fields = [...(row.request.fields ?? []), ['connection', 'close'] as const]
    for (const request of [
      { ...row.request, fields },
      { ...row.request, version: '1.0' as const },
    ]) {
      const answer = await server.ask(request)
      t.equal(answer.status, row.status, `${row.name}, HTTP/${request.version ?? '1.1'}`)
      t.equal(field(answer, 'connection'), 'close')
      t.equal(field(answer, 'transfer-encoding'), undefined)
      if (row.body !== undefined) sameBytes(t, answer.body, row.body)
    }
  }
})

async function assertAnswer(t: Test, connection: RawConnection, row: Row): Promise<void> {
  const answer = await connection.read(row.request.method)
  t.equal(answer.status, row.status, row.name)
  if (row.body !== undefined) sameBytes(t, answer.body, row.body, `${row.name}: body`)
  const type = field(answer, 'content-type') ?? ''
  if (type.startsWith('multipart/'))
    t.equal(parseMultipart(type, answer.body).length, 2, `${row.name}: parts`)
}
