import type { AccessOptions } from './bucket-access.ts'

/** What to do about an error of a store, by its code. */
const BY_CODE: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket: check its name, and AWS_ENDPOINT_URL if it is not on AWS',
  InvalidAccessKeyId: 'the store does not know this AWS_ACCESS_KEY_ID',
  SignatureDoesNotMatch: 'AWS_SECRET_ACCESS_KEY is not the secret of this AWS_ACCESS_KEY_ID',
  RequestTimeTooSkewed: 'the clock of this machine is wrong',
  ExpiredToken: 'the session has ended: get new keys and another AWS_SESSION_TOKEN',
  InvalidToken: 'AWS_SESSION_TOKEN is not of this AWS_ACCESS_KEY_ID: set it, or remove it',
}

/** The codes and statuses of a store that has the bucket in another region. */
const OTHER_REGION = [
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'PermanentRedirect',
  'TemporaryRedirect',
  'InvalidRegionName',
]
const REDIRECTS = ['301', '302', '307', '308']

/** What to do about a failure below HTTP, by the code of the system or of OpenSSL. */
const BY_SYSTEM_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up: is there a network?',
  ECONNREFUSED: 'nothing listens there: is the store running?',
  ECONNRESET: 'it closes the connection without an answer: does a store listen there?',
  EPROTO: 'the store speaks HTTP there: write http:// in place of https://',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the store speaks HTTP there: write http:// in place of https://',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is its own: give it to Node in NODE_EXTRA_CA_CERTS',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of your own CA: give that to Node in NODE_EXTRA_CA_CERTS',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its CA is not known: give it to Node in NODE_EXTRA_CA_CERTS',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another host',
}

const FORBIDDEN =
  'the store forbids it: the keys need the right to read these files (s3:GetObject), and that to list the bucket ' +
  '(s3:ListBucket), without which the store says the same of a file that is missing'

/** Why no file can be read from a bucket, and what to do. Never shows a secret. */
export function reasonOf(error: unknown, { region }: Pick<AccessOptions, 'region'>): string {
  const chain = causesOf(error)
  for (const cause of chain) {
    const known = BY_SYSTEM_CODE[codeOf(cause)]
    if (known !== undefined) return known
  }
  const last = chain.at(-1)
  const text = last instanceof Error ? last.message : String(last)
  if (text.includes('forbids')) return FORBIDDEN
  if (text.includes('without an ETag')) return 'what answers there is not an S3 store: check the URL'
  const [, status = '', code = '', itsRegion] =
    /\bstatus (\d+)(?: (\w+))?(?:: the bucket is in ([\w-]+))?/.exec(text) ?? []
  const said = [status, code].join(' ').trim()
  if (itsRegion !== undefined) return `the bucket is in another region: set AWS_REGION=${itsRegion}`
  if (OTHER_REGION.includes(code) || REDIRECTS.includes(status))
    return `the bucket is not in the region ${region}: set AWS_REGION (the store says ${said})`
  return BY_CODE[code] ?? (status === '' ? text : `it answers with status ${said}`)
}

function causesOf(error: unknown): readonly unknown[] {
  const cause = error instanceof Error ? error.cause : undefined
  return cause === undefined ? [error] : [error, ...causesOf(cause)]
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
