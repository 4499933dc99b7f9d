import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyReply } from 'fastify'
import { bufferSource, rangePlugin } from 'fastify-send-range'
import { REJECTING } from './rejecting-calls.ts'

// Makes each call of the table once, in a process without a handler for rejections, and reports the answers.
const [root = ''] = process.argv.slice(2)
const app = Fastify()
await app.register(rangePlugin, { root })
for (const [name, { path, options, call }] of Object.entries(REJECTING)) {
  app.get(`/${name.replaceAll(' ', '-')}`, (_request, reply: FastifyReply) => {
    if (call !== undefined) call(reply, bufferSource)
    return reply.sendRange(path?.() as string, options?.() as object)
  })
}
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
const answers: Record<string, unknown> = {}
for (const name of Object.keys(REJECTING)) {
  const answer = await fetch(`http://127.0.0.1:${port}/${name.replaceAll(' ', '-')}`, {
    headers: { range: 'bytes=0-3' },
  })
  const text = await answer.text()
  const code: unknown = answer.status === 500 ? JSON.parse(text).code : undefined
  answers[name] = { status: answer.status, code, text }
  // Node reports unhandled rejections before a timer fires.
  await new Promise((resolve) => setTimeout(resolve, 1))
}
process.send?.(answers)
await app.close()
process.disconnect()
