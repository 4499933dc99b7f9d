import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import type { Certificate } from './certificate.ts'
import { firstLineOf, startProgram } from './program.ts'
import type { Server } from './server.ts'

/** The name and version of the installed nginx, or undefined if it is not installed. */
export async function nginxVersion(): Promise<string | undefined> {
  return (await firstLineOf('nginx', ['-v']))?.replace('nginx version: ', '')
}

/**
 * Starts nginx with one worker and its own configuration in a temporary folder.
 *
 * @param secure with a certificate it speaks TLS, with HTTP/1.1 and HTTP/2
 */
export function startNginx(root: string, openFileCache: 'on' | 'off', secure?: Certificate): Promise<Server> {
  const cache = openFileCache === 'on' ? 'open_file_cache max=1000 inactive=60s;' : ''
  return start({ directives: `${cache} root ${root};`, secure })
}

/** Starts nginx as a proxy of another server, to which it keeps connections. */
export function startNginxProxy(origin: string): Promise<Server> {
  const { host } = new URL(origin)
  const headers = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host ${host};`
  return start({
    directives: `${headers} location / { proxy_pass http://origin; }`,
    upstream: `upstream origin { server ${host}; keepalive 64; }`,
  })
}

interface Directives {
  /** Of the server. */
  readonly directives: string
  /** Beside the server. */
  readonly upstream?: string
  readonly secure?: Certificate | undefined
}

async function start(directives: Directives): Promise<Server> {
  const folder = await makeTemporaryFolder('send-range-nginx-')
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), configuration(directives, folder, port))
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  return startProgram({ command: 'nginx', args, port })
}

function configuration(
  { directives, upstream = '', secure }: Directives,
  folder: string,
  port: number,
): string {
  // If root starts nginx, the worker would change to a user that cannot read the temporary folder.
  const user = userInfo().uid === 0 ? 'user root root;' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const tls = secure === undefined ? '' : `ssl_certificate ${secure.cert}; ssl_certificate_key ${secure.key};`
  return `
${user}
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
events { worker_connections 8000; }
http {
  access_log off;
  sendfile on;
  tcp_nopush off;
  keepalive_timeout 75s;
  keepalive_requests 1000000000;
  ${upstream}
  ${temporary.join('\n  ')}
  types { }
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port} backlog=4096${secure === undefined ? '' : ' ssl http2'};
    ${tls}
    ${directives}
  }
}
`
}
