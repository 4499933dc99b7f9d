import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

/** A request of Node's, over HTTP/1 or HTTP/2. */
type NativeRequest = IncomingMessage | Http2ServerRequest

const RECEIVED = Symbol('fastify-send-range.received-target')

/** A request with its target as it was received, and with what routers of middleware keep of it. */
type Remembered = NativeRequest & { [RECEIVED]?: string; readonly originalUrl?: unknown }

/** Node publishes each HTTP/1 request here, before any listener of the server sees it. */
const CHANNEL = 'http.server.request.start'

/**
 * From now on the target of each HTTP/1 request of this process is noted before code of the application can write to
 * `request.url`. It is never ended: a server that closes still answers on the connections that it has.
 */
export function rememberTargets(): void {
  // However often it is called, it subscribes once.
  unsubscribe(CHANNEL, remember)
  subscribe(CHANNEL, remember)
}

function remember(message: unknown): void {
  const { request } = message as { readonly request: Remembered }
  request[RECEIVED] = request.url ?? ''
}

/**
 * The target of a request as it was received, whatever has been written to `request.url` since. Where Node says
 * nothing of it (`app.inject()`, a server of another kind) it is what Fastify's `rewriteUrl` and middleware keep as
 * `originalUrl`, and `url` where they keep none.
 */
export function receivedTarget(request: NativeRequest): string {
  const { [RECEIVED]: received, originalUrl } = request as Remembered
  if (received !== undefined) return received
  if (request.httpVersionMajor === 2) {
    // Writing to `url` writes to `headers[':path']`, and leaves the raw ones alone.
    const path = request.rawHeaders[request.rawHeaders.indexOf(':path') + 1]
    if (path !== undefined) return path
  }
  return typeof originalUrl === 'string' ? originalUrl : (request.url ?? '')
}
