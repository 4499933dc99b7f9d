// Whom TLS trusts, and what it shows of the caller: the files of certificates and keys that were given.
//
// Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says. Without the check, anyone on the way could send
// another file.
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { DownloadError, systemCode } from '../errors.ts'
import { isError } from '../is-error.ts'
import { certificateFault, hasKey, keyFault } from '../rules/pem.ts'
import { readGivenFile } from './given-file.ts'

/** Files in PEM form, or null. */
export interface TrustFiles {
  /** The only certificates that are trusted. Null: those in SSL_CERT_FILE, or otherwise those of Node; and those in NODE_EXTRA_CA_CERTS. */
  readonly caFile: string | null
  /** The certificate of the caller, with those up to its CA. */
  readonly certFile: string | null
  /** Its key. Null: it is in `certFile`. */
  readonly keyFile: string | null
}

/**
 * The other side of a connection. Only the origin of the caller's URL (`'origin'`) gets the caller's certificate: a proxy, or the
 * target of a redirect (`'other'`), could otherwise learn who the caller is.
 */
export type Party = 'origin' | 'other'

interface Identity {
  readonly cert: string
  readonly key: string
}

/** The certificates of one download. */
export class Trust {
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #files: TrustFiles
  readonly #identity: Identity | null
  #ca: string | null | undefined
  readonly #contexts = new Map<Party, SecureContext | null>()

  /** @throws DownloadError `ERR_DOWNLOAD_USAGE` if a file cannot be used */
  constructor(files: TrustFiles, env: Readonly<Record<string, string | undefined>>) {
    this.#files = files
    this.#env = env
    this.#identity = identityIn(files)
    // Files that were given are checked before anything is requested. The variable matters only if there is TLS.
    if (files.caFile !== null) this.#ca = readCertificates(files.caFile)
    if (this.#identity !== null) this.#context('origin')
  }

  /**
   * The settings of TLS for a connection.
   * @throws DownloadError `ERR_DOWNLOAD_USAGE` if the file in SSL_CERT_FILE cannot be used
   */
  options(party: Party): { readonly rejectUnauthorized: true; readonly secureContext?: SecureContext } {
    const secureContext = this.#context(this.#identity === null ? 'other' : party)
    return { rejectUnauthorized: true, ...(secureContext === null ? {} : { secureContext }) }
  }

  /** Null if that of Node is right. It is made once, because reading the certificates of all CAs takes a while. */
  #context(party: Party): SecureContext | null {
    const known = this.#contexts.get(party)
    if (known !== undefined) return known
    const ca = this.#trusted()
    const identity = party === 'origin' ? this.#identity : null
    const options = { ...(ca === null ? {} : { ca }), ...identity }
    const made = ca === null && identity === null ? null : contextOf(options, this.#files)
    this.#contexts.set(party, made)
    return made
  }

  #trusted(): string | null {
    if (this.#ca === undefined) {
      const { SSL_CERT_FILE: path = '', NODE_EXTRA_CA_CERTS: extra = '' } = this.#env
      // Node adds those to any certificates that it has by default, also to the ones of OpenSSL.
      this.#ca =
        path === ''
          ? null
          : `${readCertificates(path, ' (SSL_CERT_FILE)')}\n${extra === '' ? '' : readExtra(extra)}`
    }
    return this.#ca
  }
}

/** Node has warned already of a file that it cannot read. */
function readExtra(path: string): string {
  try {
    return readCertificates(path)
  } catch {
    return ''
  }
}

function contextOf(options: SecureContextOptions, { certFile, keyFile }: TrustFiles): SecureContext {
  try {
    return process.getBuiltinModule('node:tls').createSecureContext(options)
  } catch (error) {
    const files = keyFile === null ? certFile : `${certFile} with the key in ${keyFile}`
    const isOther = systemCode(error) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    const reason = isOther
      ? 'the key is that of another certificate'
      : isError(error)
        ? error.message
        : String(error)
    throw new DownloadError('ERR_DOWNLOAD_USAGE', `cannot use the certificate in ${files}: ${reason}`, {
      cause: error,
    })
  }
}

function identityIn({ certFile, keyFile }: TrustFiles): Identity | null {
  if (certFile === null) {
    if (keyFile === null) return null
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      `${keyFile} is a key: its certificate must be given, too (--cert)`,
    )
  }
  const cert = readCertificates(certFile)
  if (keyFile === null && !hasKey(cert))
    throw new DownloadError(
      'ERR_DOWNLOAD_USAGE',
      `${certFile} has no private key: give its file, too (--key)`,
    )
  const key = keyFile === null ? cert : readGivenFile(keyFile).toString('latin1')
  const fault = keyFault(key)
  if (fault !== null) throw unusable(keyFile ?? certFile, fault)
  return { cert, key }
}

function readCertificates(path: string, source = ''): string {
  const text = readGivenFile(path, `${path}${source}`).toString('latin1')
  const fault = certificateFault(text)
  if (fault !== null) throw unusable(`${path}${source}`, fault)
  return text
}

function unusable(name: string, fault: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', `${name} ${fault}`)
}
