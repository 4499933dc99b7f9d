// What says where a file ends. Pure.
import type { Answer } from './node-client.ts'

/** A length or the last chunk, or the server's closing a connection, without TLS or with it. */
export type EndOfFile = 'announced' | 'closed' | 'tls-closed'

/** What said where the file ends, after `answer` has brought the whole of it. */
export function endOfFile({
  endsWithConnection,
  target,
}: Pick<Answer, 'endsWithConnection' | 'target'>): EndOfFile {
  if (!endsWithConnection) return 'announced'
  // RFC 9112 §9.8: "A response that has neither chunked transfer coding nor Content-Length is complete only if a valid
  // closure alert has been received." Node ends a TLS socket in the same way with that alert and without.
  return target.url.protocol === 'https:' ? 'tls-closed' : 'closed'
}
