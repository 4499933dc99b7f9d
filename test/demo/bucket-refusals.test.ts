// Why `npm start -- --s3 URL` does not start, and what it says one can do.
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import t, { type Test } from 'tap'
import { localhostCertificate } from '../plugin/support/localhost-certificate.ts'
import { REPOSITORY } from '../support/repository.ts'
import { listening, start } from './server-process.ts'

interface Opened {
  readonly kind: 'open' | 'unusable'
  readonly message?: string
}
const {
  openBucket,
}: {
  openBucket: (
    address: { bucket: string; prefix: string; endpoint: string | undefined },
    wanted: { folder: string; names: readonly string[]; env: NodeJS.ProcessEnv },
  ) => Promise<Opened>
} = await import(`${REPOSITORY}demo-server/dist/bucket.js`)

const KEYS = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: 'not for anybody' }

async function reasonFor(
  endpoint: string | undefined,
  { env = KEYS, prefix = 'demo/' }: { env?: NodeJS.ProcessEnv; prefix?: string } = {},
): Promise<string> {
  const { message = 'it is open' } = await openBucket(
    { bucket: 'films', prefix, endpoint },
    { folder: "/srv/it's/files/", names: ['2.txt', 'content.txt'], env },
  )
  return message
}

async function storeThat(t: Test, answer: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await portOf(t, createServer(answer))}`
}

async function portOf(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

/** Answers as the stores of this world do. */
function refusal(status: number, code?: string): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(code === undefined ? '' : `<Error><Code>${code}</Code><Message>films</Message></Error>`)
  }
}

function found(response: ServerResponse): void {
  response.setHeader('etag', '"1"')
  response.end('found')
}

const REGION = 'the bucket is not in the region us-east-1: set AWS_REGION'
for (const [status, code, reason] of [
  [404, 'NoSuchBucket', 'there is no such bucket: check its name, and AWS_ENDPOINT_URL if it is not on AWS'],
  [403, 'InvalidAccessKeyId', 'the store does not know this AWS_ACCESS_KEY_ID'],
  [403, 'SignatureDoesNotMatch', 'AWS_SECRET_ACCESS_KEY is not the secret of this AWS_ACCESS_KEY_ID'],
  [403, 'RequestTimeTooSkewed', 'the clock of this machine is wrong'],
  [400, 'ExpiredToken', 'the session has ended: get new keys and another AWS_SESSION_TOKEN'],
  [403, 'InvalidToken', 'AWS_SESSION_TOKEN is not of this AWS_ACCESS_KEY_ID: set it, or remove it'],
  [301, 'PermanentRedirect', `${REGION} (the store says 301 PermanentRedirect)`],
  [307, undefined, `${REGION} (the store says 307)`],
  [400, 'AuthorizationHeaderMalformed', `${REGION} (the store says 400 AuthorizationHeaderMalformed)`],
  [403, 'AccessDenied', /the keys need the right to read these files \(s3:GetObject\)/],
  [403, undefined, /the keys need the right to read these files \(s3:GetObject\)/],
  [503, 'SlowDown', 'it answers with status 503 SlowDown'],
  [400, 'SomethingNew', 'it answers with status 400 SomethingNew'],
] as const)
  t.test(`a store that answers ${status} ${code ?? 'without a code'}`, async (t) => {
    const endpoint = await storeThat(t, refusal(status, code))
    const said = await reasonFor(endpoint)
    if (typeof reason === 'string')
      t.equal(said, `cannot read s3://films/demo/ at ${endpoint}: ${reason}`, 'says what to do')
    else t.match(said, reason)
  })

t.test('a store that says where the bucket is, and a server that is not a store', async (t) => {
  const elsewhere = await storeThat(t, (_request, response) => {
    response.writeHead(301, { 'x-amz-bucket-region': 'eu-west-1' }).end()
  })
  t.match(await reasonFor(elsewhere), /: the bucket is in another region: set AWS_REGION=eu-west-1$/)
  const page = await storeThat(t, (_request, response) => void response.end('<!doctype html>'))
  t.match(await reasonFor(page), /: what answers there is not an S3 store: check the URL$/)
})

t.test('a store that cannot be reached', async (t) => {
  const closed = createServer()
  const port = await portOf(t, closed)
  closed.close()
  t.match(await reasonFor(`http://127.0.0.1:${port}`), /: nothing listens there: is the store running\?$/)
  t.match(
    await reasonFor('http://store.invalid'),
    /: there is no host of this name$|: the name of the host cannot be looked up: is there a network\?$/,
  )
  const silent = await storeThat(t, (request) => request.socket.resetAndDestroy())
  t.match(
    await reasonFor(silent),
    /: it closes the connection without an answer: does a store listen there\?$/,
  )
})

t.test('a store with a wrong scheme or certificate', async (t) => {
  const plain = await storeThat(t, refusal(404))
  t.match(await reasonFor(plain.replace('http:', 'https:')), /: the store speaks HTTP there: write http:\/\//)
  const { key, cert } = localhostCertificate
  const port = await portOf(t, createSecureServer({ key, cert }, refusal(404)))
  t.match(await reasonFor(`https://localhost:${port}`), /NODE_EXTRA_CA_CERTS$/)
})

t.test('a store without the files: they are named, with the commands that copy them', async (t) => {
  const endpoint = await storeThat(t, (request, response) =>
    request.url?.endsWith('/2.txt') ? found(response) : refusal(404, 'NoSuchKey')(request, response),
  )
  t.equal(
    await reasonFor(endpoint),
    `s3://films/demo/ at ${endpoint} has no content.txt.
This server only reads. Copy its files there, with the keys of somebody who may write, by one of:
  aws s3 cp --recursive '/srv/it'\\''s/files/' s3://films/demo/ --endpoint-url ${endpoint} --region us-east-1
  (cd '/srv/it'\\''s/files/' && curl --fail --silent --show-error --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -H "x-amz-content-sha256: UNSIGNED-PAYLOAD" -T '{2.txt,content.txt}' ${endpoint}/films/demo/)`,
  )
  const odd = await reasonFor(endpoint, { prefix: 'a b/' })
  t.match(odd, "'s3://films/a b/'")
  t.notMatch(odd, 'curl', 'old versions of curl sign such a path wrongly')
  const colon = await reasonFor(endpoint, { env: { ...KEYS, AWS_ACCESS_KEY_ID: 'test:tester' } })
  t.notMatch(colon, 'curl', 'it takes what is before the colon for the key')
  const ofSession = await reasonFor(endpoint, { env: { ...KEYS, AWS_SESSION_TOKEN: 'token' } })
  t.match(ofSession, '-H "x-amz-security-token: $AWS_SESSION_TOKEN"')
  for (const said of [odd, ofSession]) t.notMatch(said, /not for anybody|: token/, 'no secret is shown')
})

t.test('the endpoint and the region are those of the environment', async (t) => {
  const seen: string[] = []
  const endpoint = await storeThat(t, (request, response) => {
    seen.push(`${request.url} ${/Credential=(\S+?),/.exec(request.headers.authorization ?? '')?.[1]}`)
    found(response)
  })
  for (const [env, region] of [
    [{ AWS_ENDPOINT_URL: endpoint, AWS_DEFAULT_REGION: 'a' }, 'a'],
    [
      {
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_ENDPOINT_URL: 'http://x',
        AWS_REGION: 'b',
        AWS_DEFAULT_REGION: 'a',
      },
      'b',
    ],
    [{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: '' }, 'us-east-1'],
  ] as const) {
    seen.length = 0
    t.equal(await reasonFor(undefined, { env: { ...KEYS, ...env } }), 'it is open')
    t.match(seen[0], new RegExp(`^/films/demo/2\\.txt KEY/\\d{8}/${region}/s3/aws4_request$`))
  }
  t.match(
    await reasonFor(undefined, { env: { ...KEYS, AWS_ENDPOINT_URL: 'x' } }),
    "The option 'endpoint' must",
  )
  t.match(await reasonFor(endpoint, { env: { ...KEYS, AWS_REGION: 'a b' } }), "The option 'region' must")
})

t.test(
  'without keys the process ends with 5 before it serves anything, and says what is missing',
  async (t) => {
    for (const [env, missing] of [
      [{}, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'],
      [{ AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: '' }, 'AWS_SECRET_ACCESS_KEY'],
    ] as const) {
      const { output, exited } = start(['--port', '0', '--s3', 's3://films'], env)
      t.same(await exited, { code: 5, signal: null })
      t.equal(output.stderr, `demo-server: --s3 needs ${missing} in the environment (see --help)\n`)
      t.equal(output.stdout, '')
    }
  },
)

t.test('a store that fails later: the log says why, and the client does not learn it', async (t) => {
  let keysAreValid = true
  const endpoint = await storeThat(t, (request, response) =>
    keysAreValid ? found(response) : refusal(400, 'ExpiredToken')(request, response),
  )
  const server = start(['--port', '0', '--s3', `${endpoint}/films`], KEYS)
  t.teardown(() => server.child.kill())
  const origin = await listening(server)
  t.equal(await (await fetch(`${origin}/2.txt`)).text(), 'found')
  keysAreValid = false
  const answer = await fetch(`${origin}/content.txt`)
  t.equal(answer.status, 502)
  t.notMatch(await answer.text(), 'ExpiredToken')
  server.child.kill()
  await server.exited
  const warnings = server.output.stdout
    .split('\n')
    .filter((line) => line.includes('"level":40'))
    .map((line) => JSON.parse(line))
  t.match(warnings, [{ err: { code: 'ERR_RANGE_UPSTREAM', message: /status 400 ExpiredToken/ } }])
  t.equal(warnings.length, 1)
})
