import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A self-signed certificate for localhost and 127.0.0.1. */
export interface Certificate {
  key: Buffer
  cert: Buffer
  /** Where the certificate lies, for NODE_EXTRA_CA_CERTS. */
  path: string
}

/** Makes one in `dir` with openssl(1). */
export function makeCertificate(dir: string): Certificate {
  const [key, path] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync(
    'openssl',
    ['req', '-x509', ...kind, '-subj', '/CN=localhost', '-addext', names, '-keyout', key, '-out', path],
    { stdio: 'ignore' },
  )
  return { key: readFileSync(key), cert: readFileSync(path), path }
}

/** Why a test that needs openssl(1) has to be skipped, or false. */
export function withoutOpenssl(): string | false {
  try {
    execFileSync('openssl', ['version'])
    return false
  } catch {
    return 'no openssl here'
  }
}
