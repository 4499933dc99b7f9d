import { type AddressInfo, createServer } from 'node:net'
import type { Test } from 'tap'
import { startNginx } from '../../../docs/support/nginx.ts'

/**
 * Starts the installed nginx as an origin, and returns its URL. It stops with the test.
 *
 * @param configuration the content of `server { … }` except its port
 */
export async function startNginxOrigin(t: Test, configuration: string): Promise<string> {
  const port = await freePort()
  await startNginx(t, `listen 127.0.0.1:${port};\n${configuration}`)
  return `http://127.0.0.1:${port}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
