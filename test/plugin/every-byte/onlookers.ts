import { PassThrough, Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** How a hook reads a payload that it does not change. */
export type Look = 'data' | 'pipe' | 'readable'
/** When it begins to read. */
export type Turn = 'at once' | 'immediate' | 'timeout'

/** Adds an onSend hook that only reads. */
export function addOnlooker(app: FastifyInstance, look: Look, turn: Turn): void {
  app.addHook('onSend', async (_request, _reply, payload) => {
    if (!(payload instanceof Readable)) return payload
    const attach = (): void => attachTo(payload, look)
    if (turn === 'at once') attach()
    else if (turn === 'immediate') setImmediate(attach)
    else setTimeout(attach, 0)
    return payload
  })
}

function attachTo(payload: Readable, look: Look): void {
  if (payload.destroyed) return
  if (look === 'data') payload.on('data', () => {})
  else if (look === 'readable') payload.once('readable', () => {})
  else payload.pipe(new Writable({ write: (_chunk, _encoding, callback) => callback() }))
}

/** Adds an onSend hook that reads, and one that waits while the bytes flow. */
export function addOnlookerAndWait(app: FastifyInstance, look: Look, ms: number): void {
  addOnlooker(app, look, 'at once')
  app.addHook('onSend', async (_request, _reply, payload) => {
    await sleep(ms)
    return payload
  })
}

/** Adds an onSend hook that replaces the payload with a PassThrough. */
export function addReplacement(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, _reply, payload) => {
    if (!(payload instanceof Readable)) return payload
    const replacement = new PassThrough()
    payload.once('error', (error) => replacement.destroy(error))
    replacement.once('close', () => payload.destroy())
    return payload.pipe(replacement)
  })
}
