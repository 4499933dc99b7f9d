import { join } from 'node:path'
import { freePort } from '../../support/free-port.ts'
import { REPOSITORY } from '../../support/repository.ts'
import { makeTemporaryFolder } from '../temporary-folder.ts'
import type { Certificate } from './certificate.ts'
import { firstLineOf, run, startProgram } from './program.ts'
import type { Server } from './server.ts'

const SOURCE = `${REPOSITORY}test/bench/servers/go-http.go`

let built: Promise<string> | undefined

/** The name and version of the installed Go, or undefined if it is not installed. */
export async function goVersion(): Promise<string | undefined> {
  return (await firstLineOf('go', ['version']))?.replace(/^go version go/, 'Go ')
}

/** Builds the server of `go-http.go` once, and starts it. With a certificate it speaks TLS, with HTTP/1.1 and HTTP/2. */
export async function startGo(root: string, secure?: Certificate): Promise<Server> {
  built ??= build()
  const command = await built
  const port = await freePort()
  const files = secure === undefined ? [] : [secure.cert, secure.key]
  return startProgram({ command, args: [root, `127.0.0.1:${port}`, ...files], port })
}

async function build(): Promise<string> {
  const program = join(await makeTemporaryFolder('send-range-go-'), 'go-http')
  await run('go', ['build', '-o', program, SOURCE])
  return program
}
