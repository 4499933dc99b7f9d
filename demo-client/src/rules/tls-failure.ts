// What went wrong in TLS, by its right name. Pure.

/** A failure of TLS. */
export interface TlsFailure {
  /** What happened, as a clause. */
  readonly reason: string
  /** May another attempt do better? */
  readonly isPassing: boolean
}

/** Codes of OpenSSL and Node for a certificate that is not trusted. */
const UNTRUSTED =
  /^(?:ERR_TLS_CERT|CERT_|CRL_|DEPTH_|ERROR_IN_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|SELF_SIGNED|UNABLE_TO|ERR_SSL_(?:EE|CA)_)/
const TLS = /^(?:ERR_TLS|ERR_SSL|EPROTO$)/

/** What comes is not TLS: an http server, or one of another protocol. */
const NOT_TLS =
  /wrong version number|packet length too long|http request|unknown protocol|bad record type|record layer failure/
const VERSION = /unsupported protocol|no protocols available|no shared cipher|no ciphers available/

/**
 * Alerts (RFC 8446 §6) about a certificate. This program has none to send, so each of them means that the server wants one:
 * no_certificate, bad_certificate to certificate_unknown, unknown_ca, access_denied, certificate_required.
 */
const ABOUT_CERTIFICATES: ReadonlySet<number> = new Set([41, 42, 43, 44, 45, 46, 48, 49, 116])
/** protocol_version, insufficient_security, inappropriate_fallback. */
const ABOUT_VERSIONS: ReadonlySet<number> = new Set([70, 71, 86])

/** What an error of a connection to `who` says about TLS, or null where it says nothing. */
export function tlsFailure(
  { code, message }: { code: string; message: string },
  who: string,
): TlsFailure | null {
  if (UNTRUSTED.test(code)) {
    const whose = who === 'the server' ? "the server's certificate" : `the certificate of ${who}`
    return { reason: `${whose} is not trusted: ${message}`, isPassing: false }
  }
  if (!TLS.test(code)) return null
  const detail = /SSL routines:[^:]*:([^:\n]+)/.exec(message)?.[1] ?? message
  const alert = Number(/SSL alert number (\d+)/.exec(message)?.[1] ?? Number.NaN)
  if (NOT_TLS.test(message)) {
    return {
      reason: `${who} does not speak TLS at this port; is it meant for http? (${detail})`,
      isPassing: false,
    }
  }
  if (ABOUT_CERTIFICATES.has(alert)) {
    return {
      reason: `${who} wants a client certificate, and there is none to send (${detail})`,
      isPassing: false,
    }
  }
  if (ABOUT_VERSIONS.has(alert) || VERSION.test(message)) {
    return {
      reason: `${who} has no version or cipher of TLS that is safe and known here (${detail})`,
      isPassing: false,
    }
  }
  return { reason: `TLS with ${who} failed (${detail})`, isPassing: true }
}
