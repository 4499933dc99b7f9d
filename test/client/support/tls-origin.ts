import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Certificate } from './certificate.ts'

/** An https server of 127.0.0.1. */
export interface TlsOrigin {
  port: number
  /** The names of all fields that came with requests. */
  fieldNames: string[]
}

/** Starts one that serves `content` in ranges, gone with the test. */
export async function startTlsOrigin(t: Test, certificate: Certificate, content: Buffer): Promise<TlsOrigin> {
  const { key, cert } = certificate
  const fieldNames: string[] = []
  const server = createServer({ key, cert }, (request, response) => {
    fieldNames.push(...Object.keys(request.headers))
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(match?.[1] ?? 0)
    const end = Math.min(content.length, match?.[2] ? Number(match[2]) + 1 : content.length)
    response.writeHead(match === null ? 200 : 206, {
      etag: '"v1"',
      'content-length': end - start,
      ...(match === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${content.length}` }),
    })
    response.end(content.subarray(start, end))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, fieldNames }
}
