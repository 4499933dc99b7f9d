import {
  Agent,
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { createRequire } from 'node:module'
import { pipeline } from 'node:stream'
import { fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { s3Source } from 'fastify-send-range/s3'
import { announce, announceServer } from './announce.ts'

// Serves the objects of a bucket: by `s3Source`; as most applications do, by the SDK with the Range of the client; or with
// the least that a relay in Node can do, which is to sign a request and to pipe its answer on, also as a route of Fastify.
const [how = 'ours', options = '{}'] = process.argv.slice(2)
const { bucket, endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(options) as Record<
  string,
  string
>
const location = { endpoint: String(endpoint), region: String(region) }
const credentials = { accessKeyId: String(accessKeyId), secretAccessKey: String(secretAccessKey) }

/** What is used of `aws4`. It is a dependency of the plugin, so it is loaded from there. */
interface Aws4 {
  sign(request: object, keys: object): { readonly headers: Record<string, string> }
}

async function serveOurs(): Promise<void> {
  const app = fastify()
  await app.register(rangePlugin, {
    source: s3Source({ bucket: String(bucket), ...location, credentials }),
  })
  app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
  await announce(app)
}

async function serveWithSdk(): Promise<void> {
  // Loaded here, since the memory of the other servers is compared with that of this one.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const app = fastify()
  const client = new S3Client({ ...location, credentials, forcePathStyle: true })
  app.get('/*', async (request, reply) => {
    const Key = (request.params as { '*': string })['*']
    const input = { Bucket: bucket, Key, Range: request.headers.range }
    const got = await client.send(new GetObjectCommand(input))
    reply.code(got.ContentRange === undefined ? 200 : 206)
    reply.headers({ 'content-length': got.ContentLength, 'content-range': got.ContentRange, etag: got.ETag })
    return reply.send(got.Body)
  })
  await announce(app)
}

/** Asks the store for what a client asks for. */
type Relayed = (asked: IncomingMessage, onAnswer: (answer: IncomingMessage) => void) => ClientRequest

function relayed(): Relayed {
  const aws4 = createRequire(import.meta.resolve('fastify-send-range'))('aws4') as Aws4
  const agent = new Agent({ keepAlive: true })
  const { host, hostname, port } = new URL(location.endpoint)
  return (asked, onAnswer) => {
    const path = `/${bucket}${asked.url}`
    const { range } = asked.headers
    const unsigned = { service: 's3', region, method: 'GET', host, path, headers: range ? { range } : {} }
    const { headers } = aws4.sign(unsigned, credentials)
    return httpRequest({ hostname, port, path, headers, agent }, onAnswer).end()
  }
}

async function servePiped(): Promise<void> {
  const relay = relayed()
  const server = createServer((request, response) => {
    const sent = relay(request, (answer) => {
      response.writeHead(Number(answer.statusCode), answer.headers)
      pipeline(answer, response, () => {})
    })
    sent.on('error', () => response.destroy())
  })
  await announceServer(server)
}

async function servePipedByFastify(): Promise<void> {
  const relay = relayed()
  const app = fastify()
  app.get('/*', (request, reply) => {
    const sent = relay(request.raw, (answer) => {
      reply.code(Number(answer.statusCode)).headers(answer.headers).send(answer)
    })
    sent.on('error', (error) => reply.send(error))
  })
  await announce(app)
}

const SERVERS: Readonly<Record<string, () => Promise<void>>> = {
  ours: serveOurs,
  sdk: serveWithSdk,
  piped: servePiped,
  fastify: servePipedByFastify,
}
await SERVERS[how]?.()
