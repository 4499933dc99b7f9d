import { wrongOption } from '../option-checks.ts'
import { checkKey, encodePath } from './object-key.ts'
import type { S3SourceOptions } from './s3-options.ts'

/** What says where a bucket is. */
export type BucketPlace = Pick<S3SourceOptions, 'bucket' | 'region' | 'endpoint' | 'pathStyle'>

/** The regions of AWS in China are below a domain of their own. */
const CHINA = /^cn-/

/**
 * The URL of a bucket, with a slash at its end. A bucket whose name has a dot fits no certificate of AWS as a host.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the bucket should be in the host and cannot be
 */
export function bucketUrl({ bucket, region, endpoint, pathStyle }: BucketPlace): URL {
  const domain = CHINA.test(region) ? 'amazonaws.com.cn' : 'amazonaws.com'
  const url = new URL(endpoint ?? `https://s3.${region}.${domain}`)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  const host = pathStyle === true ? undefined : inHost(url, bucket)
  if (pathStyle === false) {
    if (host !== undefined) return host
    throw wrongOption("The option 'pathStyle' must be true: the name of the bucket cannot be in the host")
  }
  if (host !== undefined && endpoint === undefined && !bucket.includes('.')) return host
  url.pathname += `${encodeURIComponent(bucket)}/`
  return url
}

/**
 * The same URL with the bucket in its host; undefined if the name does not fit there, or the host is an address. A URL
 * ignores a host that it cannot have: the first folder of each key would then be the bucket.
 */
function inHost(url: URL, bucket: string): URL | undefined {
  // It says that a label is encoded. Versions of Node differ on the labels that are not, and AWS has no such bucket.
  if (bucket.startsWith('xn--')) return undefined
  const hostname = `${bucket}.${url.hostname}`
  const wanted = new URL(url)
  wanted.hostname = hostname
  return wanted.hostname === hostname ? wanted : undefined
}

/** An object in a bucket. */
export interface ObjectPlace {
  readonly base: URL
  readonly key: string
  /** Of its version; undefined: the current one. */
  readonly id: string | undefined
}

/** How many URLs of objects are kept. Each has about a KiB. */
const MAX_KNOWN = 256

/** The URLs of the objects in a bucket, as they are now. To make one costs as much as to send it. */
export class ObjectUrls {
  readonly #base: URL
  readonly #known = new Map<string, URL>()

  constructor(base: URL) {
    this.#base = base
  }

  /** The URL of an object; undefined for a key that no object has. Do not change it. */
  of(key: string): URL | undefined {
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (checkKey(key).kind === 'refused') return undefined
    const url = objectUrl({ base: this.#base, key, id: undefined })
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    this.#known.set(key, url)
    return url
  }
}

/** The URL of an object. */
export function objectUrl({ base, key, id }: ObjectPlace): URL {
  const url = new URL(base.href + encodePath(key))
  if (id !== undefined) url.search = `versionId=${encodeURIComponent(id)}`
  return url
}
