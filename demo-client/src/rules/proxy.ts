// Which proxy, if any, a request goes through: the option, or the usual environment variables. Pure.
import { DownloadError } from '../errors.ts'
import { isExempt } from './no-proxy.ts'

/** The environment variables that matter here. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for `url`, or null for none. `explicit` (the option) wins over `http_proxy`, `https_proxy` and
 * `all_proxy`; `no_proxy` applies to either. As with curl, small letters win over capitals, and an empty variable is
 * none. HTTP_PROXY in capitals is not read: in a CGI environment a client's `Proxy` field sets it.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` where the proxy is no http or https URL
 */
export function proxyFor(url: URL, explicit: string | null, env: ProxyEnvironment): URL | null {
  if (isExempt(url, env['no_proxy'] || env['NO_PROXY'] || '')) return null
  const own = url.protocol === 'https:' ? env['https_proxy'] || env['HTTPS_PROXY'] : env['http_proxy']
  const chosen = explicit ?? (own || env['all_proxy'] || env['ALL_PROXY'] || '')
  if (chosen === '') return null
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(chosen) ? chosen : `http://${chosen}`
  const proxy = URL.canParse(text) ? new URL(text) : null
  if (proxy === null || !isUsable(proxy)) {
    // Nothing of it is shown: in what is no URL any part may be of a password.
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      'the proxy given is not one that can be used (http or https)',
    )
  }
  return proxy
}

/** RFC 3986 §3.2: "/", "?" and "#" end the authority. An "@" behind one of them: a password that had to be encoded. */
function isUsable({ protocol, pathname, search, hash }: URL): boolean {
  return (protocol === 'http:' || protocol === 'https:') && !`${pathname}${search}${hash}`.includes('@')
}
