// How a request gets to its URL: directly, through a tunnel, or over a proxy that forwards it.
import type { RequestOptions } from 'node:https'
import { isIP } from 'node:net'
import { isSocks, type ProxyEnvironment, proxyFor } from '../rules/proxy.ts'
import { Agents } from './agents.ts'
import { type Party, Trust, type TrustFiles } from './trust.ts'
import { proxyAuthorization } from './tunnel.ts'

/** How a request is sent. */
export interface Route {
  readonly isTls: boolean
  /** The proxy that the request itself is sent to. Null for a tunnel, because its answers come from the server. */
  readonly proxy: URL | null
  /** For node:http or node:https. */
  readonly options: RequestOptions
}

/** Chooses routes and keeps their connections. Close it. */
export class Routes {
  readonly #proxy: string | null
  readonly #env: ProxyEnvironment
  readonly #agents: Agents

  /**
   * @param proxy the proxy that the caller chose, or null for the proxy in `env`
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file of `trust` cannot be used
   */
  constructor(proxy: string | null, trust: TrustFiles, env: ProxyEnvironment) {
    this.#proxy = proxy
    this.#env = env
    this.#agents = new Agents(new Trust(trust, env))
  }

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` if the proxy is not an http, https, socks5 or socks5h URL */
  to(url: URL, party: Party): Route {
    const proxy = proxyFor(url, this.#proxy, this.#env)
    if (url.protocol === 'https:')
      return { isTls: true, proxy: null, options: { agent: this.#agents.tls(party, proxy) } }
    if (proxy === null || isSocks(proxy))
      return { isTls: false, proxy: null, options: { agent: this.#agents.plain(proxy) } }
    const isTls = proxy.protocol === 'https:'
    const hostname = proxy.hostname.replace(/^\[|\]$/g, '')
    const options = {
      agent: isTls ? this.#agents.tls('other', null) : this.#agents.plain(null),
      protocol: proxy.protocol,
      hostname,
      // Otherwise node:https expects the certificate of the host in the Host field.
      servername: isIP(hostname) > 0 ? '' : hostname,
      port: proxy.port,
      path: url.href,
      headers: { host: url.host, ...proxyAuthorization(proxy) },
    }
    return { isTls, proxy, options }
  }

  /** Closes the connections that no request uses. */
  dropIdle(): void {
    this.#agents.dropIdle()
  }

  close(): void {
    this.#agents.close()
  }
}
