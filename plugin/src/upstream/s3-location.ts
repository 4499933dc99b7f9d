import { encodePath } from './object-key.ts'
import type { S3SourceOptions } from './s3-options.ts'

/** What says where a bucket is. */
export type BucketPlace = Pick<S3SourceOptions, 'bucket' | 'region' | 'endpoint' | 'pathStyle'>

/** The URL of a bucket, with a slash at its end. A bucket whose name has a dot fits no certificate of AWS as a host. */
export function bucketUrl({ bucket, region, endpoint, pathStyle }: BucketPlace): URL {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
  const folder = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`
  const isInPath = pathStyle ?? (endpoint !== undefined || bucket.includes('.'))
  if (!isInPath) url.hostname = `${bucket}.${url.hostname}`
  url.pathname = isInPath ? `${folder}${encodeURIComponent(bucket)}/` : folder
  return url
}

/** An object in a bucket. */
export interface ObjectPlace {
  readonly base: URL
  readonly key: string
  /** Of its version; undefined: the current one. */
  readonly id: string | undefined
}

/** The URL of an object. */
export function objectUrl({ base, key, id }: ObjectPlace): URL {
  const url = new URL(base.href + encodePath(key))
  if (id !== undefined) url.search = `versionId=${encodeURIComponent(id)}`
  return url
}
