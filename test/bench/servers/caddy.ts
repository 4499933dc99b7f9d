import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import type { Certificate } from './certificate.ts'
import { firstLineOf, startProgram } from './program.ts'
import type { Server } from './server.ts'

/** The name and version of the installed Caddy, or undefined if it is not installed. */
export async function caddyVersion(): Promise<string | undefined> {
  const version = await firstLineOf('caddy', ['version'])
  return version === undefined ? undefined : `Caddy ${version}`
}

/** Starts Caddy as a file server. With a certificate it speaks TLS, with HTTP/1.1 and HTTP/2. */
export async function startCaddy(root: string, secure?: Certificate): Promise<Server> {
  const folder = await makeTemporaryFolder('send-range-caddy-')
  const port = await freePort()
  const config = join(folder, 'Caddyfile')
  const [scheme, tls] = secure === undefined ? ['http', ''] : ['https', `tls ${secure.cert} ${secure.key}`]
  await writeFile(
    config,
    `{
	admin off
	auto_https off
	log {
		level ERROR
	}
}
${scheme}://127.0.0.1:${port} {
	bind 127.0.0.1
	root * ${root}
	file_server
	${tls}
}
`,
  )
  const args = ['run', '--config', config, '--adapter', 'caddyfile']
  // It writes its state below these folders.
  const env = { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }
  return startProgram({ command: 'caddy', args, port, env })
}
