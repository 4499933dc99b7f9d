// The users and passwords of a netrc file, for the requests of one download.
//
// A redirect must not make this program send a password where the caller did not mean it to go. So the host in the URL
// gets the credentials that its entry, or `default`, has. The target of a redirect gets those of its own entry alone, and only over
// TLS: otherwise any server on the way could have the password of another host sent in the clear.
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readGivenFile } from '../connect/given-file.ts'
import type { Party } from '../connect/trust.ts'
import { basicAuthorization } from '../rules/basic-credentials.ts'
import { Netrc } from '../rules/netrc.ts'
import type { Warnings } from '../text/warnings.ts'

/** The value of the Authorization field for a URL, or null. */
export type FindCredentials = (url: URL, party: Party) => string | null

/**
 * Reads the file that `NETRC` names, or `.netrc` in the home directory (on Windows `_netrc`).
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it cannot be read
 */
export function readNetrc(
  env: Readonly<Record<string, string | undefined>>,
  warnings: Warnings,
): FindCredentials {
  const path = env['NETRC'] || join(homedir(), process.platform === 'win32' ? '_netrc' : '.netrc')
  const netrc = new Netrc(readGivenFile(path).toString('utf8'))
  const { mode } = statSync(path)
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) warnings.add('netrc')
  return ({ hostname, protocol }, party) => {
    if (party === 'other' && protocol !== 'https:') return null
    const found = netrc.find(hostname.replace(/^\[|\]$/g, ''), party === 'origin' ? 'any' : 'named')
    return found === null ? null : basicAuthorization(found.login, found.password)
  }
}
