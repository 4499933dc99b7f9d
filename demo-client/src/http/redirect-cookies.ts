// The cookies that redirects set, sent back along their chain to the hosts that they belong to.
//
// Logins and signed links set a cookie, and redirect to a URL that wants it. Which host gets a cookie back is decided by
// `tough-cookie` (RFC 6265, with the list of public suffixes). Nothing of it reaches the disk. The library is loaded when a
// redirect sets the first cookie, because few do.
import type { Cookie, CookieJar } from 'tough-cookie'
import { loadModule } from '../files/load-module.ts'
import type { Answer } from './answer.ts'
import { fieldNamed, type Target } from './target.ts'

/** RFC 6265 §6.1: user agents should support "At least 4096 bytes per cookie". Longer ones are ignored. */
const MAX_COOKIE_BYTES = 4096
/** Far more than the redirects to a file set. Without a limit a server could fill the memory. */
const MAX_COOKIES = 100

interface Jar {
  readonly jar: CookieJar
  readonly parse: typeof Cookie.parse
}

/** The cookies of one download. */
export class RedirectCookies {
  #jar: Promise<Jar> | null = null
  /** Host, domain, path and name of each. */
  readonly #known = new Set<string>()

  /** Keeps the cookies of a redirect. Invalid ones, and those for a domain that is not its own, are ignored. */
  async learn({ fields, target }: Pick<Answer, 'fields' | 'target'>): Promise<void> {
    const lines = fields.get('set-cookie') ?? []
    if (lines.length === 0) return
    this.#jar ??= load()
    const { jar, parse } = await this.#jar
    const { url } = target
    for (const line of lines) {
      const cookie = line.length > MAX_COOKIE_BYTES ? undefined : parse(line)
      // RFC 6265bis §5.7: without TLS, a cookie with Secure is not stored.
      if (cookie === undefined || (cookie.secure && url.protocol !== 'https:')) continue
      const name = JSON.stringify([url.hostname, cookie.domain, cookie.path, cookie.key])
      if (!this.#known.has(name) && this.#known.size === MAX_COOKIES) continue
      this.#known.add(name)
      await jar.setCookie(cookie, url.href, { ignoreError: true })
    }
  }

  /**
   * The Cookie field for a request; empty if nothing is added to the fields of the target. What the caller gives comes first,
   * and a cookie of the same name is left out: RFC 6265 §5.4 allows one field only.
   */
  async fieldFor({ url, headers }: Target): Promise<Readonly<Record<string, string>>> {
    if (this.#jar === null) return {}
    const { jar } = await this.#jar
    const given = fieldNamed(headers, 'cookie')
    const names = new Set((given?.value ?? '').split(';').map((pair) => pair.split('=')[0]?.trim()))
    const found = (await jar.getCookies(url.href)).filter(({ key }) => !names.has(key))
    if (found.length === 0) return {}
    const own = given === null || given.value.trim() === '' ? [] : [given.value]
    return { [given?.name ?? 'cookie']: [...own, ...found.map((cookie) => cookie.cookieString())].join('; ') }
  }
}

async function load(): Promise<Jar> {
  const { Cookie, CookieJar } = await loadModule(() => import('tough-cookie'))
  return { jar: new CookieJar(undefined, { prefixSecurity: 'strict' }), parse: (text) => Cookie.parse(text) }
}
