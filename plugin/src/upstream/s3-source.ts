import { ignoreRejection } from '../ignore-rejection.ts'
import { checkedOptions, wrongOption } from '../option-checks.ts'
import type { Given } from '../option-row-types.ts'
import type { RangeSource } from '../sources/source.ts'
import { CredentialsProvider } from './credentials-provider.ts'
import { upstreamSettings } from './http-source.ts'
import { bucketUrl, ObjectUrls, objectUrl } from './s3-location.ts'
import {
  type Credentials,
  credentialsFrom,
  type OwnS3Options,
  S3_OPTION_TABLE,
  type S3SourceOptions,
} from './s3-options.ts'
import { S3Signer } from './s3-signer.ts'
import { upstreamFailure } from './upstream-errors.ts'
import type { RequestForm } from './upstream-settings.ts'
import { upstreamSource } from './upstream-source.ts'

/**
 * A source of the objects in a bucket of S3, or of a store that understands its requests: R2, B2, MinIO, Ceph, Swift, GCS
 * with HMAC keys. Make it once, not in each request, since it keeps connections. A key is the option `prefix` and the path.
 *
 * The store is sent plain ranged GETs only. Conditions, multipart answers and 416 are decided here. All bytes of an
 * answer are of one version.
 *
 * @example
 * const source = s3Source({ bucket: 'films', region: 'eu-central-1', credentials })
 * fastify.get('/films/*', (request, reply) => reply.sendRange(request.params['*'], { source }))
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for an option of the wrong kind or an unknown one
 */
export function s3Source(options: S3SourceOptions): RangeSource {
  const checked: Given<S3SourceOptions> = checkedOptions(options, S3_OPTION_TABLE, () => true)
  const { bucket, region, endpoint, pathStyle, prefix, credentials, version, requestPayer, ...given } =
    checked
  for (const [name, value] of Object.entries({ bucket, region, credentials }))
    if (value === undefined) throw wrongOption(`The option '${name}' is missing`)
  const own = {
    bucket,
    region,
    endpoint,
    pathStyle,
    prefix,
    credentials,
    version,
    requestPayer,
  } as OwnS3Options
  const settings = upstreamSettings({
    ...given,
    ...(requestPayer && { headers: { ...given.headers, 'x-amz-request-payer': 'requester' } }),
  })
  return upstreamSource(settings, requestForm(own, providerOf(own.credentials, settings.responseTimeout)))
}

function requestForm(options: OwnS3Options, provider: CredentialsProvider): RequestForm {
  const { region, prefix, credentials, version } = options
  const base = bucketUrl(options)
  const urls = new ObjectUrls(base)
  const signer = new S3Signer(region, provider)
  return {
    locate: (path, pinned) => {
      const key = `${prefix ?? ''}${path}`
      // The path was checked without the prefix. No object has a key that is too long.
      const current = urls.of(key)
      if (current === undefined) return undefined
      const id = pinned ?? versionIdOf(version, path)
      return id === undefined ? current : objectUrl({ base, key, id })
    },
    sign: (request) => {
      const provided = provider.get()
      if (!(provided instanceof Promise)) return signer.sign(request, provided)
      return provided.then((keys) => signer.sign(request, keys))
    },
    ...(typeof credentials === 'function' && { renew: (refused) => provider.hasOthersThanFor(refused) }),
    namesVersions: true,
    withoutAcceptRanges: 'bytes',
    withoutTag: 'refused',
  }
}

/** The id of the version to serve. A wrong one must not become another version, or the current one. */
function versionIdOf(version: OwnS3Options['version'], path: string): string | undefined {
  const id: unknown = version?.(path)
  if (id === undefined || (typeof id === 'string' && id !== '')) return id
  ignoreRejection(id)
  throw upstreamFailure(new Error("the option 'version' returned something that is not an id"))
}

function providerOf(credentials: OwnS3Options['credentials'], timeout: number): CredentialsProvider {
  if (typeof credentials === 'function') return new CredentialsProvider(credentials, timeout)
  return new CredentialsProvider(credentialsFrom(credentials) as Credentials, timeout)
}
