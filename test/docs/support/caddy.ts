import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Where } from './ask.ts'
import { startSocketServer } from './socket-server.ts'

/**
 * Starts the installed Caddy on a Unix socket, for HTTP/1 and for HTTP/2 without TLS. It stops with the test.
 *
 * @param site the content of the site's block
 */
export async function startCaddy(t: Test, site: string): Promise<Where> {
  const folder = await mkdtemp(join(tmpdir(), 'send-range-docs-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const socketPath = join(folder, 'socket')
  const config = join(folder, 'Caddyfile')
  await writeFile(config, completeConfiguration(socketPath, site))
  return await startSocketServer(t, {
    program: 'caddy',
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    socketPath,
    // It writes its state below these folders.
    env: { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  })
}

function completeConfiguration(socketPath: string, site: string): string {
  return `{
	admin off
	auto_https off
	log {
		level ERROR
	}
	servers {
		protocols h1 h2 h2c
	}
}
http:// {
	bind unix/${socketPath}
	${site.split('\n').join('\n\t')}
}
`
}
