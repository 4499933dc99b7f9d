// The proxy for a request, from the option or the usual environment variables. Pure.
import { DownloadError } from '../errors.ts'
import { isExempt } from './no-proxy.ts'

/** Environment variables. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for `url`, or null for none. `explicit` (the option) wins over `http_proxy`, `https_proxy` and
 * `all_proxy`; `no_proxy` applies to either. As with curl, lower case wins over upper case, and an empty variable
 * counts as missing. HTTP_PROXY in upper case is not read, because in a CGI environment a client's `Proxy` field sets it.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if the proxy is not an http, https, socks5 or socks5h URL
 */
export function proxyFor(url: URL, explicit: string | null, env: ProxyEnvironment): URL | null {
  if (isExempt(url, env['no_proxy'] || env['NO_PROXY'] || '')) return null
  const own = url.protocol === 'https:' ? env['https_proxy'] || env['HTTPS_PROXY'] : env['http_proxy']
  const chosen = explicit ?? (own || env['all_proxy'] || env['ALL_PROXY'] || '')
  if (chosen === '') return null
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(chosen) ? chosen : `http://${chosen}`
  const proxy = URL.canParse(text) ? new URL(text) : null
  if (proxy === null || !isUsable(proxy)) {
    // The message does not show it: in an invalid URL any part may belong to a password.
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      'the given proxy is not an http, https, socks5 or socks5h URL',
    )
  }
  return proxy
}

/** Is it a SOCKS5 proxy? With `socks5h` it looks up the names of hosts, with `socks5` this machine does. */
export function isSocks({ protocol }: URL): boolean {
  return protocol === 'socks5:' || protocol === 'socks5h:'
}

/** RFC 3986 §3.2: "/", "?" and "#" end the authority. An "@" after one of them comes from a password that was not encoded. */
function isUsable(proxy: URL): boolean {
  const { protocol, hostname, pathname, search, hash } = proxy
  const isKnown = protocol === 'http:' || protocol === 'https:' || (isSocks(proxy) && hostname !== '')
  return isKnown && !`${pathname}${search}${hash}`.includes('@')
}
