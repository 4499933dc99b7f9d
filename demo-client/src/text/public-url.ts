const NO_URL = { protocol: '', host: '', pathname: '' }

/**
 * A URL that is safe to show: without user and password, and without query, fragment and parameters of path segments
 * (`/f;jsessionid=1`, RFC 3986 §3.3), which may contain a signature or token.
 */
export function publicUrl(url: URL | string): string {
  const { protocol, host, pathname } = URL.canParse(String(url)) ? new URL(url) : NO_URL
  return host === '' ? withoutSecrets(String(url)) : `${protocol}//${host}${pathname.replace(/;[^/]*/g, '')}`
}

/** The same for text that is not a valid URL but may be meant as one: `user:password@host`. */
function withoutSecrets(text: string): string {
  return text
    .replace(/[?#].*$/s, '')
    .replace(/^([^/]*:\/\/)?.*@/s, '$1')
    .replace(/;.*$/s, '')
}

/** The origin of an http or https URL; null for anything else. */
export function httpOrigin(url: string | URL): string | null {
  const parsed = URL.canParse(String(url)) ? new URL(url) : null
  return parsed?.protocol === 'http:' || parsed?.protocol === 'https:' ? parsed.origin : null
}
