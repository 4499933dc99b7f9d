import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { ENVIRONMENT } from '../../docs/support/programs.ts'
import { freePort } from '../../support/free-port.ts'

const START_ATTEMPTS = 200
const START_PAUSE_MS = 50

/** User and password that a proxy wants, if it wants any. */
export interface Wanted {
  readonly user: string
  readonly password: string
}

/** Starts squid, gone with the test; returns its URL. It opens no tunnel to `forbidden`, a port. */
export async function startSquid(t: Test, wanted: Wanted | null, forbidden: number): Promise<string> {
  const folder = await makeFolder(t)
  const port = await freePort()
  const access = [`acl forbidden port ${forbidden}`, 'http_access deny forbidden']
  if (wanted === null) {
    access.push('http_access allow all')
  } else {
    const hash = execFileSync('openssl', ['passwd', '-1', wanted.password], { encoding: 'utf8' }).trim()
    await writeFile(join(folder, 'users'), `${wanted.user}:${hash}\n`, { mode: 0o644 })
    access.push(
      `auth_param basic program /usr/lib/squid/basic_ncsa_auth ${join(folder, 'users')}`,
      'acl known proxy_auth REQUIRED',
      'http_access allow known',
    )
  }
  await writeFile(
    join(folder, 'squid.conf'),
    `http_port 127.0.0.1:${port}
pid_filename none
access_log none
cache_log /dev/null
cache_store_log none
coredump_dir ${folder}
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
connect_retries 0
${access.join('\n')}
`,
  )
  return await start(t, ['squid', '-N', '-f', join(folder, 'squid.conf')], port)
}

/** Starts tinyproxy, gone with the test; returns its URL. It opens tunnels to the port `allowed` only. */
export async function startTinyproxy(t: Test, wanted: Wanted | null, allowed: number): Promise<string> {
  const folder = await makeFolder(t)
  const port = await freePort()
  await writeFile(
    join(folder, 'tinyproxy.conf'),
    `Port ${port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogFile "${folder}/log"
ConnectPort ${allowed}
${wanted === null ? '' : `BasicAuth ${wanted.user} ${wanted.password}`}
`,
  )
  return await start(t, ['tinyproxy', '-d', '-c', join(folder, 'tinyproxy.conf')], port)
}

async function makeFolder(t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'range-get-proxy-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o755) // started by root, they go on as another user
  return folder
}

async function start(t: Test, [program = '', ...args]: readonly string[], port: number): Promise<string> {
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: 'ignore' })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  for (let attempt = 0; child.exitCode === null && attempt < START_ATTEMPTS; attempt++) {
    if (await isListening(port)) return `http://127.0.0.1:${port}`
    await sleep(START_PAUSE_MS)
  }
  throw new Error(`${program} did not start`)
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const outcome = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  })
  socket.destroy()
  return outcome
}
