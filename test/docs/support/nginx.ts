import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Where } from './ask.ts'
import { startSocketServer } from './socket-server.ts'

/**
 * Starts the installed nginx on a Unix socket. It stops with the test.
 *
 * @param configuration the content of `server { … }`
 */
export async function startNginx(t: Test, configuration: string): Promise<Where> {
  const folder = await mkdtemp(join(tmpdir(), 'send-range-docs-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const socketPath = join(folder, 'socket')
  await writeFile(join(folder, 'nginx.conf'), completeConfiguration(folder, socketPath, configuration))
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', join(folder, 'error.log')]
  return await startSocketServer(t, { program: 'nginx', args, socketPath })
}

function completeConfiguration(folder: string, socketPath: string, configuration: string): string {
  // When root starts nginx, its workers would change to a user that cannot read the folders of the tests.
  const user = userInfo().uid === 0 ? 'user root root;' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  return `
${user}
daemon off;
pid ${folder}/nginx.pid;
events {}
http {
  access_log off;
  proxy_cache_path ${folder}/cache keys_zone=files:1m;
  ${temporary.join('\n  ')}
  server {
    listen unix:${socketPath};
    ${configuration}
  }
}
`
}
