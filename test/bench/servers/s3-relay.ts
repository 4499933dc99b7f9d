import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { fastify } from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { s3Source } from 'fastify-send-range/s3'
import { announce } from './announce.ts'

// Serves the objects of a bucket: by `s3Source`, or as most applications do, by the SDK with the Range of the client.
const [how = 'ours', options = '{}', sdkFolder = ''] = process.argv.slice(2)
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

const app = fastify()
if (how === 'ours') {
  await app.register(rangePlugin, {
    source: s3Source({ bucket: String(bucket), ...location, credentials }),
  })
  app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
} else {
  const sdk = createRequire(`${sdkFolder}/`)('@aws-sdk/client-s3') as Sdk
  const client = new sdk.S3Client({ ...location, credentials, forcePathStyle: true })
  app.get('/*', async (request, reply) => {
    const Key = (request.params as { '*': string })['*']
    const input = { Bucket: bucket, Key, Range: request.headers.range }
    const got = await client.send(new sdk.GetObjectCommand(input))
    reply.code(got.ContentRange === undefined ? 200 : 206)
    reply.headers({ 'content-length': got.ContentLength, 'content-range': got.ContentRange, etag: got.ETag })
    return reply.send(got.Body)
  })
}
await announce(app)
