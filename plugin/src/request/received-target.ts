import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'

/** A request of Node, over HTTP/1 or HTTP/2. */
type NativeRequest = IncomingMessage | Http2ServerRequest

const RECEIVED = Symbol('fastify-send-range.received-target')

/** A request with its target as it was received, and the copy that routers of middleware keep. */
type Remembered = NativeRequest & { [RECEIVED]?: string; readonly originalUrl?: unknown }

/** Node publishes each HTTP/1 request here, before any listener of the server sees it. */
const CHANNEL = 'http.server.request.start'

/**
 * From now on the target of each HTTP/1 request of this process is noted before the application can write to
 * `request.url`. This never ends: a server that closes still answers on its open connections.
 */
export function rememberTargets(): void {
  // After several calls there is still one subscription.
  unsubscribe(CHANNEL, remember)
  subscribe(CHANNEL, remember)
}

function remember(message: unknown): void {
  const { request } = message as { readonly request: Remembered }
  request[RECEIVED] = request.url ?? ''
}

/**
 * The target of a request as it was received, also after code has written to `request.url`. If Node does not publish
 * the request (`app.inject()`, a server of another kind), it is the `originalUrl` that Fastify's `rewriteUrl` and
 * middleware keep, or `url` if there is none.
 */
export function receivedTarget(request: NativeRequest): string {
  const { [RECEIVED]: received, originalUrl } = request as Remembered
  if (received !== undefined) return received
  if (request.httpVersionMajor === 2) {
    // Writing to `url` changes `headers[':path']` but not `rawHeaders`.
    const path = request.rawHeaders[request.rawHeaders.indexOf(':path') + 1]
    if (path !== undefined) return path
  }
  return typeof originalUrl === 'string' ? originalUrl : (request.url ?? '')
}
