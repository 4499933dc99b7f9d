const NO_URL = { protocol: '', host: '', pathname: '' }

/**
 * A URL for people to read: no user and password, and no query, fragment or parameters of a path's segments
 * (`/f;jsessionid=1`, RFC 3986 §3.3), which may hold a signature or token.
 */
export function publicUrl(url: URL | string): string {
  const { protocol, host, pathname } = URL.canParse(String(url)) ? new URL(url) : NO_URL
  return host === '' ? withoutSecrets(String(url)) : `${protocol}//${host}${pathname.replace(/;[^/]*/g, '')}`
}

/** The same for what is no URL, or one of another kind, but may have been meant as one: `user:password@host`. */
function withoutSecrets(text: string): string {
  return text
    .replace(/[?#].*$/s, '')
    .replace(/^([^/]*:\/\/)?.*@/s, '$1')
    .replace(/;.*$/s, '')
}
