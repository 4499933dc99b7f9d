// Serves the objects of a bucket, as a process of its own: its memory is that of a server alone. Run it with --expose-gc.
import { readdir, readFile, readlink } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'
import { type S3SourceOptions, s3Source } from 'fastify-send-range/s3'

const options = JSON.parse(process.argv[2] ?? '{}') as S3SourceOptions
const app = Fastify()
await app.register(rangePlugin, { source: s3Source(options) })
app.get<{ Params: { '*': string } }>('/*', (request, reply) => reply.sendRange(request.params['*']))
await app.listen({ port: 0, host: '127.0.0.1' })
process.on('disconnect', () => process.exit())
process.on('message', async (question) => {
  process.send?.(question === 'memory' ? await bytesInUse() : await storeConnections())
})
process.send?.({ port: (app.server.address() as AddressInfo).port })

/** What a first collection frees may refer to more. */
async function bytesInUse(): Promise<number> {
  for (let count = 0; count < 3; count++) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/**
 * The connections of this process to the store, as the system has them. Others use the same store. A socket that is
 * closed may be among the resources of Node for a moment longer.
 */
async function storeConnections(): Promise<number> {
  const port = Number(new URL(options.endpoint ?? '').port)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0')
  const names = await readdir('/proc/self/fd')
  const targets = new Set(
    await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => ''))),
  )
  const rows = (await readFile('/proc/self/net/tcp', 'latin1')).split('\n')
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(
      ([, , remote, , , , , , , inode]) => remote?.endsWith(`:${port}`) && targets.has(`socket:[${inode}]`),
    ).length
}
