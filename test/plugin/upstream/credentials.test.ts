// Credentials that a function returns: rotating ones, those of a role, of single sign-on.
import { inspect } from 'node:util'
import aws4 from 'aws4'
import { type Credentials, s3Source } from 'fastify-send-range/s3'
import t, { type Test } from 'tap'
import { serve, until } from '../support/serve.ts'
import { type Answer, distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

const BYTES = distinctBytes(3 * 1024 * 1024)
const RANGE = { url: '/f', headers: { range: 'bytes=2-4' } }
const SECRET = 'secret-of-a-role'

/** The credentials with this number. */
function numbered(number: number): Credentials {
  return { accessKeyId: `AKID${number}`, secretAccessKey: SECRET, sessionToken: `token-${SECRET}-${number}` }
}

async function servedBy(t: Test, credentials: () => unknown, answer: Answer = () => false, options = {}) {
  const origin = await Origin.start(t, answer)
  origin.objects.set('/b/f', { bytes: BYTES, etag: '"v"', lastModified: LONG_AGO })
  const source = s3Source({
    endpoint: origin.url,
    region: 'x',
    bucket: 'b',
    credentials: credentials as () => Credentials,
    retries: 0,
    ...options,
  })
  return { origin, source, ...(await serve(t, { plugin: { source } })) }
}

/** The numbers of the credentials that the requests were signed with. */
function signers({ got }: Origin): number[] {
  return got.map(({ headers }) => Number(/Credential=AKID(\d+)/.exec(String(headers.authorization))?.[1]))
}

/** Refuses requests that were signed with the first credentials. */
function expired(status: number, code: string): Answer {
  return ({ headers }, response) => {
    if (!headers.authorization?.includes('Credential=AKID1/')) return false
    response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
    return true
  }
}

t.test('requests that come together share one call', async (t) => {
  let calls = 0
  let give: ((credentials: Credentials) => void) | undefined
  const { origin, app } = await servedBy(t, () => {
    calls++
    return new Promise<Credentials>((resolve) => {
      give = resolve
    })
  })
  const answers = Array.from({ length: 20 }, () => app.inject(RANGE))
  await until(() => give !== undefined)
  await new Promise((resolve) => setImmediate(resolve))
  give?.(numbered(1))
  for (const answer of await Promise.all(answers)) t.equal(answer.statusCode, 206)
  t.equal(calls, 1)
  t.equal(origin.got.length, 20)
})

for (const [status, code] of [
  [400, 'ExpiredToken'],
  [403, 'ExpiredToken'],
  [400, 'TokenRefreshRequired'],
  [400, 'InvalidToken'],
  [403, 'InvalidAccessKeyId'],
  [403, 'SignatureDoesNotMatch'],
] as const) {
  t.test(`credentials that are refused with ${status} ${code} are asked for once more`, async (t) => {
    const asked: unknown[] = []
    let current = 1
    const { origin, app, errors } = await servedBy(
      t,
      ((options: unknown) => {
        asked.push(options)
        if (options !== undefined) current = 2
        return numbered(current)
      }) as () => unknown,
      expired(status, code),
    )
    t.equal((await app.inject(RANGE)).statusCode, 206)
    t.strictSame(signers(origin), [1, 2])
    // Providers of the AWS SDK keep what they have until it expires, unless they are told this.
    t.strictSame(asked.at(2), { forceRefresh: true })
    t.strictSame(errors(), [])
  })
}

t.test('credentials that have been replaced meanwhile need no refresh', async (t) => {
  let calls = 0
  const asked: unknown[] = []
  const { origin, app } = await servedBy(
    t,
    ((options: unknown) => {
      asked.push(options)
      return numbered(++calls)
    }) as () => unknown,
    expired(400, 'ExpiredToken'),
  )
  t.equal((await app.inject(RANGE)).statusCode, 206)
  t.strictSame(
    asked.filter((each) => each !== undefined),
    [],
  )
  t.equal(signers(origin).length, 2)
})

t.test('requests share a signature if the function returns the same keys again', async (t) => {
  let signed = 0
  const { sign } = aws4
  t.intercept(aws4, 'sign', {
    value: (...args: Parameters<typeof sign>) => {
      signed++
      return sign(...args)
    },
  })
  let number = 1
  const { origin, app } = await servedBy(t, () => numbered(number))
  for (const first of [0, 10, 20]) await app.inject({ url: '/f', headers: { range: `bytes=${first}-99` } })
  number = 2
  for (const first of [0, 10, 20]) await app.inject({ url: '/f', headers: { range: `bytes=${first}-99` } })
  t.strictSame(signers(origin), [1, 1, 1, 2, 2, 2])
  t.equal(signed, 2)
})

t.test('credentials that stay the same are refused once', async (t) => {
  const { origin, app, log } = await servedBy(t, () => numbered(1), expired(400, 'ExpiredToken'))
  const answer = await app.inject(RANGE)
  t.equal(answer.statusCode, 502)
  t.equal(answer.json().code, 'ERR_RANGE_UPSTREAM')
  t.equal(origin.got.length, 1)
  t.match(JSON.stringify(log), /ExpiredToken/)
})

t.test('new credentials that are refused too are not asked for again', async (t) => {
  let calls = 0
  const { origin, app } = await servedBy(
    t,
    () => numbered(++calls),
    (_, response) => {
      response.writeHead(400).end('<Error><Code>ExpiredToken</Code></Error>')
      return true
    },
  )
  t.equal((await app.inject(RANGE)).statusCode, 502)
  t.equal(origin.got.length, 2)
})

t.test('many requests with expired credentials share one refresh', async (t) => {
  let current = 1
  let refreshes = 0
  const { app } = await servedBy(
    t,
    (async (options: unknown) => {
      if (options !== undefined) {
        refreshes++
        await new Promise((resolve) => setImmediate(resolve))
        current = 2
      }
      return numbered(current)
    }) as () => unknown,
    expired(400, 'ExpiredToken'),
  )
  const answers = await Promise.all(Array.from({ length: 20 }, () => app.inject(RANGE)))
  for (const answer of answers) t.equal(answer.statusCode, 206)
  t.equal(refreshes, 1)
})

t.test('later requests of one answer are signed with the new credentials', async (t) => {
  let number = 1
  const { origin, port } = await servedBy(
    t,
    () => numbered(number),
    (got, response) => {
      if (got.number > 1) return false
      number = 2
      const head = { etag: '"v"', 'last-modified': LONG_AGO, 'accept-ranges': 'bytes' }
      response.writeHead(200, { ...head, 'content-length': BYTES.length })
      response.write(BYTES.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20))
      return true
    },
    { retries: 2 },
  )
  const answer = await fetch(`http://127.0.0.1:${port}/f`)
  t.ok(BYTES.equals(Buffer.from(await answer.arrayBuffer())))
  t.strictSame(signers(origin), [1, 2])
  t.equal(origin.got[1]?.headers['x-amz-security-token'], numbered(2).sessionToken)
})

/** Throws when a property is read. */
const trap = new Proxy(
  {},
  {
    get() {
      throw new Error('no role')
    },
  },
)

for (const [name, status, give] of [
  [
    'throws',
    500,
    () => {
      throw new Error('no role')
    },
  ],
  ['rejects', 500, () => Promise.reject(new Error('no role'))],
  ['rejects with a text', 500, () => Promise.reject('no role')],
  [
    'rejects with an error that has a status',
    500,
    () => Promise.reject(Object.assign(new Error('no role'), { statusCode: 404 })),
  ],
  ['returns null', 502, () => null],
  ['returns a text', 502, () => SECRET],
  ['returns keys that are no texts', 502, () => ({ accessKeyId: 5, secretAccessKey: SECRET })],
  ['returns an empty key', 502, () => ({ accessKeyId: 'a', secretAccessKey: '' })],
  ['returns a token with a line break', 502, () => ({ ...numbered(1), sessionToken: `a\r\n${SECRET}` })],
  ['returns what throws when it is read', 500, () => trap],
] as const) {
  t.test(`a credentials function that ${name} is a ${status}, and shows no secret`, async (t) => {
    const { origin, app, log } = await servedBy(t, give)
    for (let turn = 0; turn < 2; turn++) {
      const answer = await app.inject(RANGE)
      t.equal(answer.statusCode, status)
      t.notMatch(answer.body, /no role|secret/)
    }
    t.notMatch(JSON.stringify(log), new RegExp(SECRET))
    t.equal(origin.got.length, 0)
  })
}

t.test('a credentials function that hangs is a 503, and is called again', async (t) => {
  let calls = 0
  const hang = (): unknown => (++calls === 1 ? new Promise(() => {}) : numbered(1))
  const { app } = await servedBy(t, hang, undefined, { responseTimeout: 200 })
  const answers = await Promise.all([app.inject(RANGE), app.inject(RANGE)])
  for (const answer of answers) {
    t.equal(answer.statusCode, 503)
    t.equal(answer.json().code, 'ERR_RANGE_OVERLOADED')
    t.equal(answer.headers['retry-after'], '1')
  }
  t.equal((await app.inject(RANGE)).statusCode, 206)
  t.equal(calls, 2)
})

t.test('no secret is in the source, in an error or in the log, whatever the store answers', async (t) => {
  const refusals: readonly (readonly [number, string])[] = [
    [400, 'ExpiredToken'],
    [403, 'SignatureDoesNotMatch'],
    [503, 'SlowDown'],
    [500, ''],
  ]
  for (const [status, code] of refusals) {
    const { source, app, log } = await servedBy(
      t,
      () => numbered(1),
      (_, response) => {
        response.writeHead(status).end(`<Error><Code>${code}</Code><Token>${SECRET}</Token></Error>`)
        return true
      },
    )
    const { signal } = new AbortController()
    const failure = await Promise.resolve(source.open('f', { signal })).catch((error: unknown) => error)
    t.ok(failure instanceof Error)
    await app.inject(RANGE)
    const shown = [source, failure].map((each) => inspect(each, { depth: 20, showHidden: true }))
    t.notMatch([...shown, JSON.stringify(log)].join('\n'), /secret-of|AKID/)
  }
})
