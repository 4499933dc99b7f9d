import { GetObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import Fastify, { type FastifyInstance } from 'fastify'
import rangePlugin from 'fastify-send-range'
import { s3Source } from 'fastify-send-range/s3'
import type { Test } from 'tap'
import type { Store } from '../../support/stores/store.ts'
import type { Where } from './ask.ts'
import { startNginx } from './nginx.ts'

// Otherwise it warns under Node 20, once for each process, that its next releases will want a newer one.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true'

/** A bucket, as it is reached. */
export interface Place extends Store {
  readonly bucket: string
}

/** Starts a server of the objects of a bucket. It stops with the test. */
export type StoreContender = (t: Test, place: Place) => Promise<Where>

const listen = { port: 0, host: '127.0.0.1' } as const

function appOf(t: Test): FastifyInstance {
  const app = Fastify({ forceCloseConnections: true })
  t.teardown(() => app.close())
  return app
}

/** The servers by their column in the README's table of stores. */
export const STORE_CONTENDERS: Readonly<Record<string, StoreContender>> = {
  s3Source: async (t, { endpoint, region, bucket, ...credentials }) => {
    const app = appOf(t)
    const source = s3Source({ endpoint, region, bucket, credentials })
    await app.register(rangePlugin, { source })
    app.get('/*', (request, reply) => reply.sendRange((request.params as { '*': string })['*']))
    return await app.listen(listen)
  },
  'a relay with @aws-sdk/client-s3': async (t, { endpoint, region, bucket, ...credentials }) => {
    const app = appOf(t)
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    t.teardown(() => client.destroy())
    app.setErrorHandler((error, _request, reply) =>
      reply
        .code(error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 500) : 500)
        .send(error),
    )
    app.get('/*', async (request, reply) => {
      const object = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: (request.params as { '*': string })['*'],
          Range: request.headers.range,
        }),
      )
      return reply
        .code(object.$metadata.httpStatusCode ?? 200)
        .headers({
          'accept-ranges': 'bytes',
          'content-type': object.ContentType,
          'content-length': object.ContentLength,
          'content-range': object.ContentRange,
          etag: object.ETag,
        })
        .send(object.Body)
    })
    return await app.listen(listen)
  },
  'nginx, proxy_pass': (t, { endpoint, bucket }) =>
    startNginx(
      t,
      `location / {
        proxy_pass ${endpoint}/${bucket}/;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_max_temp_file_size 0;
      }`,
    ),
}
