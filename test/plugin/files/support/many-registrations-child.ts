// Serves one folder by four registrations, on a port that it prints; `/kept` says how many of its files are open.
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import { rangePlugin } from 'fastify-send-range'

const [, , root = ''] = process.argv

const app = Fastify()
for (const prefix of ['/a', '/b', '/c', '/d']) {
  await app.register(
    async (scope) => {
      await scope.register(rangePlugin, { root })
      scope.get<{ Params: { name: string } }>('/:name', (request, reply) =>
        reply.sendRange(request.params.name),
      )
    },
    { prefix },
  )
}

function target(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

app.get('/kept', () => readdirSync('/proc/self/fd').filter((fd) => target(fd).startsWith(root)).length)

/** Takes every descriptor that is left, asks for the files by one registration, and gives them back. */
app.get<{ Params: { prefix: string; files: string } }>('/starved/:prefix/:files', async ({ params }) => {
  const hoard: number[] = []
  try {
    for (;;) hoard.push(openSync('/dev/null', 'r'))
  } catch {
    // None is left.
  }
  const names = Array.from({ length: Number(params.files) }, (_, index) => `/${params.prefix}/${index}`)
  const answers = await Promise.all(names.map((name) => app.inject(name)))
  for (const fd of hoard) closeSync(fd)
  return answers.map(({ statusCode }) => statusCode)
})

// What injects is loaded while there are descriptors for it.
await app.inject('/b/0')
await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`${(app.server.address() as AddressInfo).port}\n`)
