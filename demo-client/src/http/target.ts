// The URL of a request, and which fields may be sent there. Pure.
import { reading } from '../caller/check-arguments.ts'
import { DownloadError } from '../errors.ts'
import { basicCredentials } from '../rules/basic-credentials.ts'
import { asUtf8 } from '../rules/field-lines.ts'
import type { LinkedFile } from '../rules/linked-file.ts'
import { safeFields } from '../rules/safe-fields.ts'
import { fullNameFromUrl } from '../state/file-name.ts'
import { publicUrl } from '../text/public-url.ts'

/** A URL to fetch and the caller's header fields for it. */
export interface Target {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Did the caller give an Authorization field? Then no URL changes it. */
  readonly isAuthorizationGiven: boolean
  /** The origin that the caller's secrets are for: that of the URL that the caller gave, or of the first of several. */
  readonly firstOrigin: string
  /** The file names in the URLs that led here, without duplicates. */
  readonly names: readonly string[]
  /** What the redirects that led here say about the file; null if none did. */
  readonly linked: LinkedFile | null
}

/** Where the caller's secrets may go. */
export interface SecretsScope {
  /** The origin of the first of several URLs; null for the only one, whose own it is. */
  readonly origin: string | null
}

/** For a single URL. */
export const ONLY_URL: SecretsScope = { origin: null }

/**
 * The URL as given by the caller; a user and password in it become an Authorization field.
 * @param scope a URL of another origin than that gets what a redirect to it would
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function firstTarget(
  url: string | URL,
  given: Readonly<Record<string, string>>,
  scope: SecretsScope = ONLY_URL,
): Target {
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
  const firstOrigin = scope.origin ?? parsed.origin
  const headers = parsed.origin === firstOrigin ? given : safeFields(given)
  const isAuthorizationGiven = fieldNamed(headers, 'authorization') !== null
  const credentials = takeCredentials(parsed)
  const all = isAuthorizationGiven ? headers : { ...headers, ...credentials }
  return { url: parsed, headers: all, isAuthorizationGiven, firstOrigin, names, linked: null }
}

/** The field of this name, as the caller spelled it, or null. @param name in lower case */
export function fieldNamed(
  headers: Readonly<Record<string, string>>,
  name: string,
): { readonly name: string; readonly value: string } | null {
  const found = Object.entries(headers).find(([each]) => each.toLowerCase() === name)
  return found === undefined ? null : { name: found[0], value: found[1] }
}

/** Removes user and password from `url`, and returns them as a field. Returns an empty object if there are none. */
function takeCredentials(url: URL): { readonly authorization?: string } {
  if (url.username === '' && url.password === '') return {}
  const authorization = basicCredentials(url)
  url.username = ''
  url.password = ''
  return { authorization }
}

/** Blanks around a URL are not part of it. A URL object of another realm also has an `href`. */
function textOf(url: unknown): string {
  if (typeof url === 'string') return url.trim()
  const href =
    typeof url === 'object' && url !== null ? reading('the URL', () => Reflect.get(url, 'href')) : null
  return typeof href === 'string' ? href : ''
}

/**
 * The target of a redirect, or null if this program must not follow it: the Location is missing or invalid, or its scheme
 * is not http or https. A user and password in the Location are for its origin, and are sent to no other one.
 */
export function redirectTarget(
  from: Target,
  location: string | null,
  linked: LinkedFile | null = from.linked,
): Target | null {
  const reference = location === null ? null : asUtf8(location)
  if (reference === null || !URL.canParse(reference, from.url.href)) return null
  const url = new URL(reference, from.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  url.hash = ''
  const credentials = takeCredentials(url)
  const names = [...new Set(from.names).add(fullNameFromUrl(url))]
  if (url.origin === from.url.origin) {
    const { headers, isAuthorizationGiven } = from
    const all = isAuthorizationGiven ? headers : { ...headers, ...credentials }
    return { ...from, url, names, linked, headers: all }
  }
  const safe = { ...safeFields(from.headers), ...credentials }
  return { ...from, url, headers: safe, isAuthorizationGiven: false, names, linked }
}

/**
 * The URL of a mirror, with the fields that a redirect from `origin` would leave: a password or cookie for one server is not
 * for another one.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE`
 */
export function mirrorTarget(origin: Target, url: string): Target {
  firstTarget(url, {}) // throws what it refuses
  return redirectTarget({ ...origin, linked: null }, new URL(url.trim()).href) as Target
}

/** The URL as it may be shown. */
export function publicName({ url }: Target): string {
  return publicUrl(url)
}
