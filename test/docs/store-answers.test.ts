// The table of what a store answers and what the client gets for it.
import { createServer } from 'node:net'
import Fastify from 'fastify'
import rangePlugin, { SendRangeError } from 'fastify-send-range'
import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { Origin } from '../plugin/upstream/support/origin.ts'
import { readDocument, tableUnder } from './support/markdown.ts'

type Reply = readonly [status: number, code?: string | undefined, fields?: Readonly<Record<string, string>>]

/** What a client gets: `404`, `502 ERR_RANGE_UPSTREAM`, with Retry-After. */
async function outcomeOf(
  t: Test,
  endpoint: string,
  options: Partial<S3SourceOptions> = {},
): Promise<{ readonly text: string; readonly cause: string }> {
  const app = Fastify()
  t.teardown(() => app.close())
  let caught: unknown
  app.setErrorHandler((error, _request, reply) => {
    caught = error
    return reply.send(error)
  })
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' }
  const source = s3Source({ endpoint, bucket: 'b', region: 'r', credentials, retries: 1, ...options })
  await app.register(rangePlugin, { source })
  app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  const { statusCode, headers } = await app.inject({ url: '/a.bin', headers: { range: 'bytes=0-3' } })
  const error = caught instanceof SendRangeError ? caught : undefined
  const words = [
    String(statusCode),
    statusCode === 404 ? undefined : error?.code,
    headers['retry-after'] && 'with Retry-After',
  ]
  return {
    text: words.filter(Boolean).join(' '),
    cause: String((error?.cause as Error | undefined)?.message),
  }
}

async function storeThat(t: Test, [status, code, fields]: Reply): Promise<Origin> {
  return await Origin.start(t, (_got, response) => {
    response.writeHead(status, { ...(status < 400 && { location: 'http://127.0.0.1:9/' }), ...fields })
    response.end(code === undefined ? (status === 200 ? PAGE : '') : `<Error><Code>${code}</Code></Error>`)
    return true
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Of a balancer, for example. */
const PAGE = '<!doctype html>'

const BUSY = '503 ERR_RANGE_OVERLOADED with Retry-After'
const UNUSABLE = '502 ERR_RANGE_UPSTREAM'

/** The replies of each row, and what the client gets for each of them. */
const ROWS: Readonly<
  Record<string, { readonly replies: readonly Reply[]; readonly gets: string; readonly strict?: string }>
> = {
  '404, 410, a version that stands for a deletion': {
    replies: [[404, 'NoSuchKey'], [404], [410], [405, 'MethodNotAllowed', { 'x-amz-delete-marker': 'true' }]],
    gets: '404',
  },
  '403 `AccessDenied`, or without a code': {
    replies: [[403, 'AccessDenied'], [403]],
    gets: '404',
    strict: UNUSABLE,
  },
  '403 `InvalidObjectState` and the like: archived': {
    replies: [
      [403, 'InvalidObjectState'],
      [409, 'BlobArchived'],
      [409, 'BlobBeingRehydrated'],
    ],
    gets: '502 ERR_RANGE_ARCHIVED',
  },
  '`NoSuchBucket`, a wrong signature, clock, region, host or certificate, 401, a redirect, a page without an ETag in place of an object of a bucket, anything else':
    {
      replies: [
        [404, 'NoSuchBucket'],
        [403, 'SignatureDoesNotMatch'],
        [403, 'RequestTimeTooSkewed'],
        [400, 'AuthorizationHeaderMalformed'],
        [401],
        [301],
        [307],
        [200, undefined, { 'content-length': String(PAGE.length) }],
        [418],
      ],
      gets: UNUSABLE,
    },
  '408, 429, 500, 502, 503, 504, a code such as `SlowDown` or `RequestTimeout`, no connection, no answer': {
    replies: [[408], [429], [500], [502], [503, 'SlowDown'], [504], [400, 'RequestTimeout']],
    gets: BUSY,
  },
}

const rows = tableUnder(readDocument('plugin/README.md'), 'What the store answers')

t.test('the table has these rows, in order', async (t) => {
  t.strictSame(
    rows.map((row) => row['the store says']),
    Object.keys(ROWS),
  )
})

for (const row of rows) {
  const name = row['the store says'] ?? ''
  const cell = (row['the client gets'] ?? '').replaceAll('`', '')
  t.test(`${name}: the client gets what the table says`, async (t) => {
    const { replies, gets, strict } = ROWS[name] ?? { replies: [], gets: '' }
    for (const part of gets.split(' ')) t.ok(cell.includes(part), `the table has ${part}`)
    for (const reply of replies) {
      const origin = await storeThat(t, reply)
      const { text, cause } = await outcomeOf(t, origin.url)
      t.equal(text, gets, `${reply[0]} ${reply[1]}`)
      if (gets === UNUSABLE)
        t.match(cause, reply[0] === 200 ? 'without an ETag' : reply.join(' '), 'the cause says which it is')
      t.equal(origin.got.length, gets === BUSY ? 2 : 1, 'another try, if it may help')
      if (strict !== undefined)
        t.equal(
          (await outcomeOf(t, origin.url, { forbidden: 'error' })).text,
          strict,
          "with forbidden: 'error'",
        )
    }
  })
}

t.test('a host that does not exist is a 502', async (t) => {
  // No name has a label of 64 characters, so nobody is asked for it.
  const { text, cause } = await outcomeOf(t, `http://${'x'.repeat(64)}.test`, { pathStyle: true })
  t.equal(text, UNUSABLE)
  t.match(cause, 'ENOTFOUND')
})

t.test('no connection and no answer are 503', async (t) => {
  t.equal((await outcomeOf(t, `http://127.0.0.1:${await freePort()}`)).text, BUSY)
  const silent = await Origin.start(t, () => true)
  t.equal((await outcomeOf(t, silent.url, { responseTimeout: 50 })).text, BUSY)
})
