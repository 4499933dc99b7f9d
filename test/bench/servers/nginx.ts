import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createConnection, createServer } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import type { Server } from './server.ts'

// Debian installs it in a folder that is not in the PATH of ordinary users.
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`

const START_ATTEMPTS = 50
const START_PAUSE_MS = 100

/** The name and version of the installed nginx, or undefined if there is none. */
export async function nginxVersion(): Promise<string | undefined> {
  try {
    const { stderr } = await promisify(execFile)('nginx', ['-v'], { env: { ...process.env, PATH } })
    return stderr.trim().replace('nginx version: ', '')
  } catch {
    return undefined
  }
}

/** Starts nginx with one worker and its own configuration in a temporary folder. */
export function startNginx(root: string, openFileCache: 'on' | 'off'): Promise<Server> {
  const cache = openFileCache === 'on' ? 'open_file_cache max=1000 inactive=60s;' : ''
  return start(`${cache} root ${root};`)
}

/** Starts nginx as a proxy of another server, to which it keeps connections. */
export function startNginxProxy(origin: string): Promise<Server> {
  const { host } = new URL(origin)
  const headers = `proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host ${host};`
  return start(
    `${headers} location / { proxy_pass http://origin; }`,
    `upstream origin { server ${host}; keepalive 64; }`,
  )
}

/** @param directives of the server. `upstream` are those beside it */
async function start(directives: string, upstream = ''): Promise<Server> {
  const folder = await makeTemporaryFolder('send-range-nginx-')
  const port = await freePort()
  await writeFile(join(folder, 'nginx.conf'), configuration({ directives, upstream, folder, port }))
  const args = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const child = spawn('nginx', args, { env: { ...process.env, PATH }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const kill = (): boolean => child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    kill()
    await exited
  }
  if (child.pid !== undefined && (await answers(port))) return { port, pid: child.pid, stop }
  await stop()
  throw new Error('nginx did not start')
}

interface Configuration {
  readonly directives: string
  readonly upstream: string
  readonly folder: string
  readonly port: number
}

function configuration({ directives, upstream, folder, port }: Configuration): string {
  // If root starts nginx, the worker would change to a user that cannot read the temporary folder.
  const user = userInfo().uid === 0 ? 'user root root;' : ''
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
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
    listen 127.0.0.1:${port} backlog=4096;
    ${directives}
  }
}
`
}

/** nginx cannot choose a port by itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(port: number): Promise<boolean> {
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const socket = createConnection({ port, host: '127.0.0.1' })
    try {
      await once(socket, 'connect')
      return true
    } catch {
      await sleep(START_PAUSE_MS)
    } finally {
      socket.destroy()
    }
  }
  return false
}
