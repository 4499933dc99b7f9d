// The user and password in a URL, as a header field. Pure.
import { decodePercent } from './percent-encoding.ts'

/** The Basic credentials (RFC 7617) in a URL. */
export function basicCredentials(url: URL): string {
  const pair = `${decodePercent(url.username)}:${decodePercent(url.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
