import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import { firstLineOf, startProgram } from './program.ts'
import type { Server } from './server.ts'

const MODULES = ['mpm_event', 'authz_core', 'mime']
const THREADS = 200

/** The name and version of Debian's Apache, or undefined if it is not installed. */
export async function apacheVersion(): Promise<string | undefined> {
  return (await firstLineOf('apache2', ['-v']))?.replace('Server version: ', '')
}

/** Starts Apache with one child process, which is never replaced: its CPU time would be lost. */
export async function startApache(root: string): Promise<Server> {
  const folder = await makeTemporaryFolder('send-range-apache-')
  const port = await freePort()
  await writeFile(join(folder, 'apache.conf'), configuration(root, folder, port))
  const args = ['-DFOREGROUND', '-f', join(folder, 'apache.conf')]
  return startProgram({ command: 'apache2', args, port })
}

function configuration(root: string, folder: string, port: number): string {
  const modules = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`)
  // Its child must not run as root.
  const user = userInfo().uid === 0 ? 'User nobody\nGroup nogroup' : ''
  return `ServerRoot ${folder}
${modules.join('\n')}
${user}
Listen 127.0.0.1:${port}
ServerName 127.0.0.1
PidFile ${folder}/pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
DocumentRoot ${root}
TypesConfig /dev/null
ServerLimit 1
StartServers 1
ThreadLimit ${THREADS}
ThreadsPerChild ${THREADS}
MaxRequestWorkers ${THREADS}
MinSpareThreads 1
MaxSpareThreads ${THREADS}
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 75
MaxKeepAliveRequests 0
EnableSendfile On
`
}
