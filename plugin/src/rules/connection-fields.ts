/**
 * Fields that are about one connection and not about a message, as RFC 9110 §7.6.1 and RFC 9113 §8.2.2 list them.
 * HTTP2-Settings belongs to an upgrade of HTTP/1.1 that RFC 9113 has removed.
 */
export const CONNECTION_FIELDS: readonly string[] = [
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]

/** Whether a Transfer-Encoding is the one that Node applies. Any other would name a coding that is not applied. */
export function isChunked(transferEncoding: unknown): boolean {
  return String(transferEncoding).toLowerCase() === 'chunked'
}

/** Whether an answer with this status ends with its head, with any fields (RFC 9112 §6.3). */
export function endsWithHead(status: number): boolean {
  return status === 204 || status === 304
}
