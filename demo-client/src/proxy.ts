// Which proxy, if any, a request goes through: the option, or the usual environment variables. Pure.
import { DownloadError } from './errors.ts'
import { publicUrl } from './public-url.ts'

/** The environment variables that matter here. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for `url`, or null for none. `explicit` (the option) wins over `http_proxy`, `https_proxy` and
 * `all_proxy`; `no_proxy` applies to either. HTTP_PROXY in capitals is not read: in a CGI environment a
 * client's `Proxy` field sets it.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` where the proxy is no http or https URL
 */
export function proxyFor(url: URL, explicit: string | null, env: ProxyEnvironment): URL | null {
  if (isExempt(url, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return null
  const own = url.protocol === 'https:' ? (env['https_proxy'] ?? env['HTTPS_PROXY']) : env['http_proxy']
  const chosen = explicit ?? (own || env['all_proxy'] || env['ALL_PROXY'] || '')
  if (chosen === '') return null
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(chosen) ? chosen : `http://${chosen}`
  const proxy = URL.canParse(text) ? new URL(text) : null
  if (proxy === null || (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')) {
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      `not a proxy that can be used (http or https): ${publicUrl(text)}`,
    )
  }
  return proxy
}

/** Does the comma-separated `list` name the host of `url`, or a domain that it is in? `*` names all. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === '') return false
    if (entry === '*') return true
    const match = /^(.*?)(?::(\d+))?$/.exec(/^[^[]*:.*:/.test(entry) ? `[${entry}]` : entry)
    if (match?.[2] !== undefined && match[2] !== port) return false
    const name = (match?.[1] ?? entry).replace(/^\*?\.|^\[|\]$/g, '').toLowerCase()
    return host === name || host.endsWith(`.${name}`)
  })
}
