// nginx and Apache as Debian installs them, on free ports of 127.0.0.1.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'

const ENVIRONMENT = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }

/** Why a test that needs `program` has to be skipped, or false. In continuous integration it is there. */
export function without(program: string): string | false {
  const isThere = spawnSync(program, ['-v'], { env: ENVIRONMENT }).error === undefined
  return isThere || process.env['CI'] ? false : `no ${program} here`
}

/** Starts nginx with `configuration` inside `http { … }`, where PORT stands for the port and FILES for the folder. */
export async function startNginx(t: Test, folder: string, configuration: string): Promise<string> {
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  const text = `${process.getuid?.() === 0 ? 'user root root;' : ''}
daemon off; pid ${folder}/nginx.pid; events {}
http { access_log off; ${paths.join(' ')} ${fill(configuration, port, folder)} }`
  writeFileSync(join(folder, 'nginx.conf'), text)
  const args = ['-p', folder, '-c', 'nginx.conf', '-e', join(folder, 'error.log')]
  return await start(t, { program: 'nginx', args, port })
}

/** Starts Apache with `configuration`; see {@link startNginx}. */
export async function startApache(t: Test, folder: string, configuration: string): Promise<string> {
  const port = await freePort()
  mkdirSync(join(folder, 'state'), { recursive: true })
  const modules = ['mpm_event', 'authz_core', 'mime', 'headers', 'setenvif', 'rewrite']
    .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
    .join('\n')
  const text = `ServerRoot ${folder}/state
${modules}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
PidFile ${folder}/state/pid
DefaultRuntimeDir ${folder}/state
ErrorLog ${folder}/state/error.log
DocumentRoot ${folder}
TypesConfig /dev/null
${fill(configuration, port, folder)}
`
  writeFileSync(join(folder, 'apache.conf'), text)
  const args = ['-DFOREGROUND', '-f', join(folder, 'apache.conf')]
  return await start(t, { program: 'apache2', args, port })
}

function fill(configuration: string, port: number, folder: string): string {
  return configuration.replaceAll('PORT', `127.0.0.1:${port}`).replaceAll('FILES', folder)
}

async function start(
  t: Test,
  { program, args, port }: { program: string; args: readonly string[]; port: number },
): Promise<string> {
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ['ignore', 'ignore', 'inherit'] })
  const exited = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGTERM')
    await exited
  })
  for (let attempt = 0; attempt < 100 && child.exitCode === null; attempt++) {
    if (await isListening(port)) return `http://127.0.0.1:${port}`
    await sleep(50)
  }
  throw new Error(`${program} did not start`)
}

async function isListening(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
