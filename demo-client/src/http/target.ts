// Where a request goes and which fields may go with it. Pure.
import { reading } from '../caller/check-arguments.ts'
import { DownloadError } from '../errors.ts'
import { basicCredentials } from '../rules/basic-credentials.ts'
import { asUtf8 } from '../rules/field-lines.ts'
import { fullNameFromUrl } from '../state/file-name.ts'
import { publicUrl } from '../text/public-url.ts'

/** A URL to fetch and the caller's own header fields for it. */
export interface Target {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Is an Authorization among them the caller's own field? Then no URL changes it. */
  readonly isAuthorizationGiven: boolean
  /** The file names in the URLs that led here, each once. */
  readonly names: readonly string[]
}

/** Caller's fields that may follow a redirect to another origin; every other one could be a credential. */
const HARMLESS: ReadonlySet<string> = new Set(['accept', 'accept-language', 'user-agent'])

/**
 * The URL as given by the caller; a user and password in it become an Authorization field.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function firstTarget(url: string | URL, headers: Readonly<Record<string, string>>): Target {
  const text = textOf(url)
  const parsed = URL.canParse(text) ? new URL(text) : null
  if (parsed === null) throw new DownloadError('ERR_DOWNLOAD_USAGE', `not a URL: ${publicUrl(text)}`)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      `only http and https can be fetched, not ${publicUrl(parsed)}`,
    )
  }
  parsed.hash = ''
  const names = [fullNameFromUrl(parsed)]
  const isAuthorizationGiven = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization')
  const named = takeCredentials(parsed)
  const all = isAuthorizationGiven ? headers : { ...headers, ...named }
  return { url: parsed, headers: all, isAuthorizationGiven, names }
}

/** Takes user and password out of `url`: as a field, which is empty where there are none. */
function takeCredentials(url: URL): { readonly authorization?: string } {
  if (url.username === '' && url.password === '') return {}
  const authorization = basicCredentials(url)
  url.username = ''
  url.password = ''
  return { authorization }
}

/** Blanks around a URL are no part of it. A URL of another realm has its `href`, too. */
function textOf(url: unknown): string {
  if (typeof url === 'string') return url.trim()
  const href =
    typeof url === 'object' && url !== null ? reading('the URL', () => Reflect.get(url, 'href')) : null
  return typeof href === 'string' ? href : ''
}

/**
 * Where a redirect leads, or null where it leads nowhere this program may go: no or an invalid Location, or
 * another scheme than http and https. A user and password in the Location are for the origin that it names: the server
 * says them of its own target, and they are sent to no third one.
 */
export function redirectTarget(from: Target, location: string | null): Target | null {
  const reference = location === null ? null : asUtf8(location)
  if (reference === null || !URL.canParse(reference, from.url.href)) return null
  const url = new URL(reference, from.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  url.hash = ''
  const named = takeCredentials(url)
  const names = [...new Set(from.names).add(fullNameFromUrl(url))]
  if (url.origin === from.url.origin) {
    const { headers, isAuthorizationGiven } = from
    return { ...from, url, names, headers: isAuthorizationGiven ? headers : { ...headers, ...named } }
  }
  const kept = Object.entries(from.headers).filter(([name]) => HARMLESS.has(name.toLowerCase()))
  return { url, headers: { ...Object.fromEntries(kept), ...named }, isAuthorizationGiven: false, names }
}
