import type { Credentials, S3SourceOptions } from 'fastify-send-range/s3'
import type { BucketAddress } from './bucket-address.ts'

/** The part of the settings of the aws command that is in the environment, or why it is not enough. */
export type BucketAccess =
  | { readonly kind: 'complete'; readonly options: AccessOptions }
  | { readonly kind: 'incomplete'; readonly reason: string }

/** The options of an `s3Source` that say where it is and who asks. */
export type AccessOptions = Pick<S3SourceOptions, 'bucket' | 'prefix' | 'region' | 'endpoint'> & {
  readonly credentials: Credentials
}

/** AWS has no region of its own here, as for the aws command. Many other stores take any. */
const DEFAULT_REGION = 'us-east-1'

/** Reads the variables that the aws command and its libraries know. An empty one counts as not set. */
export function bucketAccess(address: BucketAddress, env: NodeJS.ProcessEnv): BucketAccess {
  const first = (...names: string[]): string | undefined => names.map((name) => env[name]).find(Boolean)
  const accessKeyId = first('AWS_ACCESS_KEY_ID')
  const secretAccessKey = first('AWS_SECRET_ACCESS_KEY')
  const sessionToken = first('AWS_SESSION_TOKEN')
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = [
      accessKeyId === undefined && 'AWS_ACCESS_KEY_ID',
      secretAccessKey === undefined && 'AWS_SECRET_ACCESS_KEY',
    ].filter((name) => name !== false)
    return {
      kind: 'incomplete',
      reason: `--s3 needs ${missing.join(' and ')} in the environment (see --help)`,
    }
  }
  const endpoint = address.endpoint ?? first('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL')
  return {
    kind: 'complete',
    options: {
      bucket: address.bucket,
      prefix: address.prefix,
      region: first('AWS_REGION', 'AWS_DEFAULT_REGION') ?? DEFAULT_REGION,
      ...(endpoint !== undefined && { endpoint }),
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    },
  }
}
