// A user and a password, as a header field. Pure.
import { decodePercent } from './percent-encoding.ts'

/** The Basic credentials (RFC 7617) in a URL. */
export function basicCredentials(url: URL): string {
  return basicAuthorization(decodePercent(url.username), decodePercent(url.password))
}

/** The value of Authorization for a user and a password. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
