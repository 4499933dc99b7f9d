import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'
import type { Test } from 'tap'
import { Bucket } from '../../../support/stores/bucket.ts'
import type { Store } from '../../../support/stores/store.ts'
import { StoreProxy } from '../../../support/stores/store-proxy.ts'
import { type Served, serve } from '../../support/serve.ts'

export { distinctBytes } from '../../support/distinct-bytes.ts'

/** A bucket, and a server of its objects. */
export interface ServedStore extends Served {
  readonly bucket: Bucket
  /** All requests of the server to the store go through it. Those of the bucket do not. */
  readonly proxy: StoreProxy
}

/** Serves the objects of a new bucket at their keys. */
export async function serveStore(
  t: Test,
  store: Store,
  options: Omit<Partial<S3SourceOptions>, keyof Store> = {},
): Promise<ServedStore> {
  const bucket = await Bucket.make(t, store)
  const proxy = await StoreProxy.start(t, store)
  const served = await serve(t, { plugin: { source: sourceOf(bucket, { ...proxy.store, ...options }) } })
  return { ...served, bucket, proxy }
}

/** The source of a bucket, reached at an endpoint. */
export function sourceOf(
  { name }: Bucket,
  {
    endpoint,
    region,
    accessKeyId,
    secretAccessKey,
    ...options
  }: Store & Omit<Partial<S3SourceOptions>, keyof Store>,
): ReturnType<typeof s3Source> {
  const credentials = { accessKeyId, secretAccessKey }
  return s3Source({ bucket: name, endpoint, region, credentials, ...options })
}
