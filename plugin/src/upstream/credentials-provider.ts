import { foreignFailure } from '../foreign-failure.ts'
import { type Credentials, credentialsFrom } from './s3-options.ts'
import { unavailable, upstreamFailure } from './upstream-errors.ts'
import type { Awaitable } from './upstream-settings.ts'

/** What returns credentials. Providers of the AWS SDK return others than before if they are told so. */
export type Provide = (options?: { readonly forceRefresh: true }) => unknown

/**
 * The credentials of a source, from a function of the application. Requests that come while it is under way share its
 * result, so that a new token is asked for once. It is asked again for the next ones: it knows how long they are valid.
 */
export class CredentialsProvider {
  readonly #provide: Provide | Credentials
  readonly #timeout: number
  /** The calls that are under way. */
  #current: Promise<Credentials> | undefined
  #refreshed: Promise<Credentials> | undefined
  /** What the function has returned last. */
  #latest: Credentials | undefined
  /** By the fields of the requests that were signed with them. */
  readonly #used = new WeakMap<object, Credentials>()

  /**
   * @param provide a function, or credentials that never change
   * @param timeout ms that requests wait for the function
   */
  constructor(provide: Provide | Credentials, timeout: number) {
    this.#provide = provide
    this.#timeout = timeout
  }

  /**
   * The credentials for a request.
   *
   * @throws SendRangeError `ERR_RANGE_SOURCE` if the function fails, `ERR_RANGE_OVERLOADED` if it takes too long, and
   *   `ERR_RANGE_UPSTREAM` if it returns something else
   */
  get(): Awaitable<Credentials> {
    if (typeof this.#provide !== 'function') return this.#provide
    if (this.#refreshed !== undefined) return this.#refreshed
    this.#current ??= this.#call().finally(() => {
      this.#current = undefined
    })
    return this.#current
  }

  /** A request with these fields is signed with these credentials. There is no need to know it if there are no others. */
  noteUse(credentials: Credentials, fields: object): void {
    if (typeof this.#provide === 'function') this.#used.set(fields, credentials)
  }

  /** Whether there are others than those of a request with these fields, which a store has refused. */
  async hasOthersThanFor(fields: object): Promise<boolean> {
    const refused = this.#used.get(fields)
    const isRefused = (credentials: Credentials): boolean => areEqual(credentials, refused)
    return !isRefused(await this.get()) || !isRefused(await this.#refresh())
  }

  #refresh(): Promise<Credentials> {
    this.#refreshed ??= this.#call({ forceRefresh: true }).finally(() => {
      this.#refreshed = undefined
    })
    return this.#refreshed
  }

  #call(...options: Parameters<Provide>): Promise<Credentials> {
    return within(this.#timeout, this.#provided(options))
  }

  async #provided(options: Parameters<Provide>): Promise<Credentials> {
    const provide = this.#provide
    if (typeof provide !== 'function') return provide
    let credentials: Credentials | undefined
    try {
      credentials = credentialsFrom(await provide(...options))
    } catch (thrown) {
      throw foreignFailure('ERR_RANGE_SOURCE', 'The credentials function', thrown)
    }
    if (credentials === undefined)
      throw upstreamFailure(new Error('the credentials function returned no credentials'))
    // The same keys are the same object, since requests share a signature that was made with it.
    if (this.#latest === undefined || !areEqual(credentials, this.#latest)) this.#latest = credentials
    return this.#latest
  }
}

function areEqual(one: Credentials, other: Credentials | undefined): boolean {
  const names = ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const
  return names.every((name) => one[name] === other?.[name])
}

/** Rejects if the work takes too long. What comes of it later is dropped. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(unavailable(new Error(`the credentials function returned nothing within ${ms} ms`)))
    }, ms)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
