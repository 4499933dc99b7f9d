// Explains failures of TLS. Pure.

/** A failure of TLS. */
export interface TlsFailure {
  /** What happened, as a clause. */
  readonly reason: string
  /** May a retry succeed? */
  readonly isTemporary: boolean
}

/** Codes of OpenSSL and Node for a certificate that is not trusted. */
const UNTRUSTED =
  /^(?:ERR_TLS_CERT|CERT_|CRL_|DEPTH_|ERROR_IN_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH|SELF_SIGNED|UNABLE_TO|ERR_SSL_(?:EE|CA)_)/
/** Of these, the codes that mean that nobody who is trusted vouches for it. */
const UNKNOWN_CA =
  /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT|VERIFY))/
const TLS = /^(?:ERR_TLS|ERR_SSL|EPROTO$)/

/** The other side does not speak TLS, but http or another protocol. */
const NOT_TLS =
  /wrong version number|packet length too long|http request|unknown protocol|bad record type|record layer failure/
const VERSION = /unsupported protocol|no protocols available|no shared cipher|no ciphers available/

/**
 * Alerts (RFC 8446 §6) about a client certificate: the server wants one, or another one than was given:
 * no_certificate, bad_certificate to certificate_unknown, unknown_ca, access_denied, certificate_required.
 */
const ABOUT_CERTIFICATES: ReadonlySet<number> = new Set([41, 42, 43, 44, 45, 46, 48, 49, 116])
/** protocol_version, insufficient_security, inappropriate_fallback. */
const ABOUT_VERSIONS: ReadonlySet<number> = new Set([70, 71, 86])

/** The failure of TLS that an error of a connection to `peer` reports; null for another error. */
export function tlsFailure(
  { code, message }: { code: string; message: string },
  peer: string,
): TlsFailure | null {
  if (UNTRUSTED.test(code)) {
    const whose = peer === 'the server' ? "the server's certificate" : `the certificate of ${peer}`
    const advice = UNKNOWN_CA.test(code) ? '. If its CA is one of yours, --cacert FILE trusts it' : ''
    return { reason: `${whose} is not trusted: ${message}${advice}`, isTemporary: false }
  }
  if (!TLS.test(code)) return null
  const detail = /SSL routines:[^:]*:([^:\n]+)/.exec(message)?.[1] ?? message
  const alert = Number(/SSL alert number (\d+)/.exec(message)?.[1] ?? Number.NaN)
  if (NOT_TLS.test(message)) {
    return {
      reason: `${peer} does not speak TLS on this port. Is the port for http? (${detail})`,
      isTemporary: false,
    }
  }
  if (ABOUT_CERTIFICATES.has(alert)) {
    return {
      reason: `${peer} requires a client certificate that it accepts: --cert FILE and --key FILE (${detail})`,
      isTemporary: false,
    }
  }
  if (ABOUT_VERSIONS.has(alert) || VERSION.test(message)) {
    return {
      reason: `${peer} offers no version or cipher of TLS that is safe and supported (${detail})`,
      isTemporary: false,
    }
  }
  return { reason: `TLS with ${peer} failed (${detail})`, isTemporary: true }
}
