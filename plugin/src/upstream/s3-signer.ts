import aws4 from 'aws4'
import type { CredentialsProvider } from './credentials-provider.ts'
import type { OutgoingRequest } from './exchange.ts'
import type { OutgoingHeaders } from './request-fields.ts'
import type { Credentials } from './s3-options.ts'

/** The SHA-256 of a request without a body. */
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** Ms for which a signature is used again. Stores take one that is up to five minutes old, or more. */
const SHARED_MS = 5000

/** How many signatures are kept. Each has about a KiB. */
const MAX_SHARED = 256

/**
 * Signs requests. Signature 4 is over all of a request but its Range, so requests for ranges of one object share a
 * signature for some seconds: it costs more than all else that is done for a request.
 */
export class S3Signer {
  readonly #region: string
  readonly #provider: CredentialsProvider
  /** By what they are over. All are of these credentials, and were made since this time. */
  readonly #shared = new Map<string, OutgoingHeaders>()
  #credentials: Credentials | undefined
  #since = 0

  constructor(region: string, provider: CredentialsProvider) {
    this.#region = region
    this.#provider = provider
  }

  /** The fields of a request with those of its signature. */
  sign(request: OutgoingRequest, credentials: Credentials): OutgoingHeaders {
    this.#forgetOld(credentials)
    const key = identityOf(request)
    const shared = this.#shared.get(key)
    const { range } = request.headers
    const fields = shared ?? this.#signed(request)
    if (shared === undefined && this.#shared.size < MAX_SHARED) this.#shared.set(key, fields)
    // The range is first: a property after a spread makes the object take eight times as long.
    const sent = range === undefined ? { ...fields } : { range, ...fields }
    this.#provider.noteUse(credentials, sent)
    return sent
  }

  /** The clock may be set back. */
  #forgetOld(credentials: Credentials): void {
    const age = Date.now() - this.#since
    if (age >= 0 && age < SHARED_MS && credentials === this.#credentials) return
    this.#shared.clear()
    this.#since = Date.now()
    this.#credentials = credentials
  }

  #signed({ url, headers: { range: _, ...headers } }: OutgoingRequest): OutgoingHeaders {
    const request = {
      service: 's3',
      region: this.#region,
      method: 'GET',
      host: url.host,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, 'x-amz-content-sha256': NO_BODY },
    }
    // `credentialsFrom` leaves out a token that is undefined, which aws4 would sign.
    const keys = this.#credentials as Parameters<typeof aws4.sign>[1]
    return aws4.sign(request, keys).headers as Record<string, string>
  }
}

/** All that a signature is over. No value has a line break. */
function identityOf({ url, headers }: OutgoingRequest): string {
  let identity = url.href
  for (const name of Object.keys(headers)) if (name !== 'range') identity += `\n${name}:${headers[name]}`
  return identity
}
