// Certificates and private keys in PEM form (RFC 7468): what is in a file, and why it cannot be used. Pure.
import { X509Certificate } from 'node:crypto'

const CERTIFICATE = /-----BEGIN (?:X509 )?CERTIFICATE-----[\s\S]*?-----END (?:X509 )?CERTIFICATE-----/g
const KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----/
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m

/** Why `text` cannot be used as certificates, as the end of a sentence that begins with its name; null if it can. */
export function certificateFault(text: string): string | null {
  const found = text.match(CERTIFICATE) ?? []
  if (text.trim() === '') return 'is empty'
  if (found.length === 0)
    return 'has no certificate in PEM form (-----BEGIN CERTIFICATE-----). Of the DER form, openssl x509 -inform der makes PEM'
  const damaged = found.findIndex((each) => !isCertificate(each))
  if (damaged < 0) return null
  return found.length === 1
    ? 'has a damaged certificate'
    : `has a damaged certificate, number ${damaged + 1} of ${found.length}`
}

/** Why `text` cannot be used as a private key, as {@link certificateFault}. */
export function keyFault(text: string): string | null {
  if (text.trim() === '') return 'is empty'
  if (!KEY.test(text)) return 'has no private key in PEM form (-----BEGIN PRIVATE KEY-----)'
  if (!ENCRYPTED_KEY.test(text)) return null
  return 'has a key with a passphrase, which is not supported. openssl pkey -in OLD -out NEW makes one without it'
}

/** Does `text` have a private key? */
export function hasKey(text: string): boolean {
  return KEY.test(text)
}

function isCertificate(text: string): boolean {
  try {
    new X509Certificate(text)
    return true
  } catch {
    return false
  }
}
