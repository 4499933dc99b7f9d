import { join } from 'node:path'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import { run } from './program.ts'

/** The paths of a certificate for 127.0.0.1 and of its key, in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

let made: Promise<Certificate> | undefined

/** One certificate for all servers, made by openssl(1) when it is needed first. Rejects if openssl is not installed. */
export function certificate(): Promise<Certificate> {
  made ??= make()
  return made
}

async function make(): Promise<Certificate> {
  const folder = await makeTemporaryFolder('send-range-certificate-')
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  await run('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, '-days', '2', ...names])
  return { cert, key }
}
