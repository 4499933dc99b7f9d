import type { OptionRows } from '../option-row-types.ts'
import { isFieldValue } from '../rules/field-value.ts'
import { UPSTREAM_OPTION_TABLE, type UpstreamOptions } from './http-options.ts'
import { checkKey } from './object-key.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

/** The keys that requests are signed with. */
export interface Credentials {
  /** Says whose keys these are. It is in each request. */
  readonly accessKeyId: string
  /** Never leaves the process: requests are signed with it. */
  readonly secretAccessKey: string
  /** For keys that are valid for some time only. */
  readonly sessionToken?: string | undefined
}

/** What can be set for an `s3Source`. */
export interface S3SourceOptions extends UpstreamOptions {
  /** The name of the bucket. */
  readonly bucket: string
  /** The region that requests are signed for. R2 wants `auto`; many other stores take any. */
  readonly region: string
  /** Where the store is. Default: AWS, in the region. */
  readonly endpoint?: string | URL | undefined
  /**
   * Whether the bucket is in the path instead of the host. Default: true with an `endpoint`, and for a name that cannot be
   * in a host.
   */
  readonly pathStyle?: boolean | undefined
  /** What all keys start with, as `videos/`. Default: nothing. */
  readonly prefix?: string | undefined
  /**
   * The keys, or a function that returns them, such as a provider of the AWS SDK. It is called for each request, except
   * that requests share a call that is under way, so it should keep the keys while they are valid. It has
   * `responseTimeout` to return them. If the store refuses them, it is called with `{ forceRefresh: true }`.
   */
  readonly credentials:
    | Credentials
    | ((options?: { readonly forceRefresh: true }) => Credentials | Promise<Credentials>)
  /** The id of the version to serve, by the path. Undefined: the current one. Default: the current one. */
  readonly version?: ((path: string) => string | undefined) | undefined
  /** Whether the requester pays. Default false. */
  readonly requestPayer?: boolean | undefined
}

/** The options that `s3Source` has besides those of every source of objects. */
export type OwnS3Options = Omit<S3SourceOptions, keyof UpstreamOptions>

/** The options of an `s3Source`, by their names. */
export const S3_OPTION_TABLE: OptionRows<UpstreamSettings & Record<keyof OwnS3Options, unknown>> = {
  ...UPSTREAM_OPTION_TABLE,
  bucket: {
    defaultValue: undefined,
    isValid: matches(/^(?!\.{1,2}$)[\w.:-]{1,255}$/),
    kind: 'the name of a bucket',
  },
  region: { defaultValue: undefined, isValid: matches(/^[\w-]{1,64}$/), kind: 'the name of a region' },
  endpoint: {
    defaultValue: undefined,
    isValid: isEndpoint,
    kind: 'an http: or https: URL, without a query, a fragment and a password',
  },
  pathStyle: { defaultValue: undefined, isValid: isBoolean, kind: 'a boolean' },
  prefix: { defaultValue: '', isValid: isPrefix, kind: "the start of a key, as 'videos/'" },
  credentials: {
    defaultValue: undefined,
    isValid: (value) => typeof value === 'function' || credentialsFrom(value) !== undefined,
    kind: 'an object with accessKeyId and secretAccessKey, or a function that returns one',
  },
  version: { defaultValue: undefined, isValid: (value) => typeof value === 'function', kind: 'a function' },
  requestPayer: { defaultValue: false, isValid: isBoolean, kind: 'a boolean' },
}

function matches(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value)
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

function isEndpoint(value: unknown): boolean {
  const text = value instanceof URL ? value.href : value
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, search, hash, username, password } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && [search, hash, username, password].join('') === ''
}

/** A key is the prefix and a path. */
function isPrefix(value: unknown): boolean {
  return typeof value === 'string' && checkKey(`${value}x`).kind === 'key'
}

/**
 * A copy of credentials; undefined if requests cannot be signed with them. A provider of the AWS SDK returns more than is
 * used.
 */
export function credentialsFrom(value: unknown): Credentials | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { accessKeyId, secretAccessKey, sessionToken } = value as Record<string, unknown>
  if (!isSecret(accessKeyId) || !isSecret(secretAccessKey)) return undefined
  if (sessionToken === undefined) return { accessKeyId, secretAccessKey }
  return isSecret(sessionToken) ? { accessKeyId, secretAccessKey, sessionToken } : undefined
}

function isSecret(value: unknown): value is string {
  return isFieldValue(value) && value !== ''
}
