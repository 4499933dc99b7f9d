import { Agent, createServer, request as httpRequest } from 'node:http'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream'
import { fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { s3Source } from 'fastify-send-range/s3'
import { announce, announceServer } from './announce.ts'

// Serves the objects of a bucket: by `s3Source`; as most applications do, by the SDK with the Range of the client; or with
// the least that a relay in Node can do, which is to sign a request and to pipe its answer on.
const [how = 'ours', options = '{}', folder = ''] = process.argv.slice(2)
const { bucket, endpoint, region, accessKeyId, secretAccessKey } = JSON.parse(options) as Record<
  string,
  string
>
const location = { endpoint: String(endpoint), region: String(region) }
const credentials = { accessKeyId: String(accessKeyId), secretAccessKey: String(secretAccessKey) }

/** What is used of the SDK. It is installed for this measurement alone, so its types are not here. */
interface Sdk {
  readonly S3Client: new (options: object) => { send(command: object): Promise<GetObjectOutput> }
  readonly GetObjectCommand: new (input: object) => object
}

interface GetObjectOutput {
  readonly Body: Readable
  readonly ContentLength: number
  readonly ContentRange?: string
  readonly ETag: string
}

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
  const app = fastify()
  const sdk = createRequire(`${folder}/`)('@aws-sdk/client-s3') as Sdk
  const client = new sdk.S3Client({ ...location, credentials, forcePathStyle: true })
  app.get('/*', async (request, reply) => {
    const Key = (request.params as { '*': string })['*']
    const input = { Bucket: bucket, Key, Range: request.headers.range }
    const got = await client.send(new sdk.GetObjectCommand(input))
    reply.code(got.ContentRange === undefined ? 200 : 206)
    reply.headers({ 'content-length': got.ContentLength, 'content-range': got.ContentRange, etag: got.ETag })
    return reply.send(got.Body)
  })
  await announce(app)
}

async function servePiped(): Promise<void> {
  const aws4 = createRequire(import.meta.resolve('fastify-send-range'))('aws4') as Aws4
  const agent = new Agent({ keepAlive: true })
  const { host, hostname, port } = new URL(location.endpoint)
  const server = createServer((request, response) => {
    const path = `/${bucket}${request.url}`
    const { range } = request.headers
    const unsigned = { service: 's3', region, method: 'GET', host, path, headers: range ? { range } : {} }
    const { headers } = aws4.sign(unsigned, credentials)
    const sent = httpRequest({ hostname, port, path, headers, agent }, (answer) => {
      response.writeHead(Number(answer.statusCode), answer.headers)
      pipeline(answer, response, () => {})
    })
    sent.on('error', () => response.destroy())
    sent.end()
  })
  await announceServer(server)
}

if (how === 'ours') await serveOurs()
else if (how === 'sdk') await serveWithSdk()
else await servePiped()
