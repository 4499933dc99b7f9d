/**
 * Fields of one connection, not of what is sent over it, as RFC 9110 §7.6.1 and RFC 9113 §8.2.2 list them.
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

/** Whether a Transfer-Encoding says what Node does: anything else would name a coding that nobody applies. */
export function isChunked(transferEncoding: unknown): boolean {
  return String(transferEncoding).toLowerCase() === 'chunked'
}

/** Whether an answer with this status ends with its head, whatever its fields say (RFC 9112 §6.3). */
export function endsWithHead(status: number): boolean {
  return status === 204 || status === 304
}
