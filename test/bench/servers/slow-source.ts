import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fastify } from 'fastify'
import { type RangeSource, rangePlugin } from 'fastify-send-range'
import { announce } from './announce.ts'

/** The answer of `GET /waiting`, which also resets the measurement. */
export interface WaitingReport {
  /** Requests that wait for the slow source. */
  readonly waiting: number
  /** How late timers were since the last report, in ms. */
  readonly delay: { readonly median: number; readonly p99: number; readonly most: number }
}

const NS_PER_MS = 1e6
const SLOW_BYTES = 4

// A file server with a second source that hangs until `GET /release`.
const [root = '.'] = process.argv.slice(2)
const app = fastify()
await app.register(rangePlugin, { root })

let release = (): void => {}
let waiting = 0
const released = new Promise<void>((resolve) => {
  release = resolve
})
const source: RangeSource = {
  open: () => ({
    size: SLOW_BYTES,
    etag: '"slow"',
    async readAt(target) {
      waiting++
      await released
      waiting--
      target.fill(0)
      return target.length
    },
    close() {},
  }),
}

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
app.get('/waiting', (): WaitingReport => {
  const [median, p99, most] = [delay.percentile(50), delay.percentile(99), delay.max].map(
    (ns) => ns / NS_PER_MS,
  )
  delay.reset()
  return { waiting, delay: { median: median ?? 0, p99: p99 ?? 0, most: most ?? 0 } }
})
app.get('/release', () => {
  release()
  return {}
})
app.get('/slow', (_request, reply) => reply.sendRange('slow', { source }))
app.get<{ Params: { '*': string } }>('/hot/*', (request, reply) => reply.sendRange(request.params['*']))
await announce(app)
