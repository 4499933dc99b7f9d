import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { PassThrough } from 'node:stream'
import createError from '@fastify/error'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { CHANNELS, type SendRangeEvent } from 'fastify-send-range'

/** One line of the live log: a request and the result of its answer. */
export interface LogEntry {
  /** Counts up from 1. */
  id: number
  method: string
  url: string
  range: string | undefined
  ifRange: string | undefined
  status: number
  contentRange: string | undefined
  etag: string | undefined
  /** The Content-Length of the answer, in bytes. */
  length: number | undefined
  /** Bytes of the body that were really sent. */
  bytesSent: number
  outcome: 'under way' | Ending
  /** In ms, or undefined while the answer is under way. */
  duration: number | undefined
}

type Ending = 'served' | 'aborted'

/** How many past entries a page gets when it connects. */
const REMEMBERED = 50
/** A reader that is this many bytes behind is disconnected. */
const MAX_BACKLOG = 64 * 1024
/** How many readers may be connected at a time. */
const MAX_LISTENERS = 100
/** In ms. A comment shows which readers are gone or have stopped reading, also while there are no entries. */
const HEARTBEAT = 15_000
const COMMENT = ':\n\n'

const TooManyListenersError = createError('ERR_DEMO_BUSY', 'Too many pages follow the live log', 503)

/** Remembers the last requests and sends them to all readers as Server-Sent Events. */
export class LiveLog {
  /** A restarted server counts from 1 again. By this name a page sees that the numbers are of another log. */
  readonly #name = randomUUID()
  /** By id, in the order of their last change. */
  readonly #entries = new Map<number, { change: number; text: string }>()
  readonly #ids = new WeakMap<FastifyRequest, number>()
  readonly #listeners = new Set<PassThrough>()
  #count = 0
  #changes = 0
  #heartbeat: NodeJS.Timeout | undefined

  /** An answer is about to go out. */
  begin(request: FastifyRequest, reply: FastifyReply): void {
    this.#ids.set(request, ++this.#count)
    this.#publish({
      id: this.#count,
      ...describe(request, reply),
      status: reply.statusCode,
      bytesSent: 0,
      outcome: 'under way',
      duration: undefined,
    })
  }

  /** An answer has ended. */
  end({ request, reply, status, bytesSent, durationMs }: SendRangeEvent, outcome: Ending): void {
    const id = this.#ids.get(request) ?? ++this.#count
    const duration = Math.round(durationMs * 10) / 10
    this.#publish({ id, ...describe(request, reply), status, bytesSent, outcome, duration })
  }

  #publish(entry: LogEntry): void {
    const change = ++this.#changes
    const text = `id: ${this.#name}:${change}\ndata: ${JSON.stringify(entry)}\n\n`
    // Removed first, so that the entries stay in the order of their last change.
    this.#entries.delete(entry.id)
    this.#entries.set(entry.id, { change, text })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > REMEMBERED && oldest !== undefined) this.#entries.delete(oldest)
    this.#write(text)
  }

  #write(text: string): void {
    for (const listener of this.#listeners) {
      if (listener.writableLength > MAX_BACKLOG) listener.destroy()
      else listener.write(text)
    }
  }

  /**
   * A stream of events: the name of the log, the remembered entries that have changed after the event that the reader
   * has seen last, then each new or changed one. It ends by `hangUp`, or when its reader stops reading.
   *
   * @param lastSeen the Last-Event-ID of a reader that was connected before
   * @throws ERR_DEMO_BUSY if there are too many readers
   */
  listen(lastSeen = ''): PassThrough {
    if (this.#listeners.size >= MAX_LISTENERS) throw new TooManyListenersError()
    this.#heartbeat ??= setInterval(() => this.#write(COMMENT), HEARTBEAT).unref()
    const listener = new PassThrough()
    listener.write(`retry: 1000\nevent: log\ndata: ${JSON.stringify(this.#name)}\n\n`)
    const seen = this.#changeOf(lastSeen)
    for (const { change, text } of this.#entries.values()) if (change > seen) listener.write(text)
    this.#listeners.add(listener)
    listener.once('close', () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) {
        clearInterval(this.#heartbeat)
        this.#heartbeat = undefined
      }
    })
    return listener
  }

  /** Which change of this log an event was. 0 for an event of another log. */
  #changeOf(eventId: string): number {
    const [name, change] = eventId.split(':')
    return name === this.#name ? Number(change) || 0 : 0
  }

  /** Ends the streams of all readers. */
  hangUp(): void {
    for (const listener of this.#listeners) listener.end()
  }
}

type Described = Omit<LogEntry, 'id' | 'status' | 'bytesSent' | 'outcome' | 'duration'>

function describe(request: FastifyRequest, reply: FastifyReply): Described {
  const length = field(reply.getHeader('content-length'))
  return {
    method: request.method,
    url: request.url,
    range: request.headers.range,
    ifRange: field(request.headers['if-range']),
    contentRange: field(reply.getHeader('content-range')),
    etag: field(reply.getHeader('etag')),
    length: length === undefined ? undefined : Number(length),
  }
}

function field(value: string | string[] | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The log of this server's `sendRange` answers. */
    liveLog: LiveLog
  }
  interface FastifyContextConfig {
    /** Whether the live log also gets this route's answers when they begin. */
    live?: boolean
  }
}

/** Decorates the server with a log of its `sendRange` answers, from the plugin's diagnostics channels. */
export const liveLog = fp(async (app: FastifyInstance, { log }: { log: LiveLog }) => {
  app.decorate('liveLog', log)
  // The channels belong to the whole process, in which other servers may run.
  const ofThisServer = (message: unknown): message is SendRangeEvent =>
    (message as SendRangeEvent).request.server.server === app.server
  const served = (message: unknown): void => {
    if (ofThisServer(message)) log.end(message, 'served')
  }
  const aborted = (message: unknown): void => {
    if (ofThisServer(message)) log.end(message, 'aborted')
  }
  app.addHook('onSend', async (request, reply) => {
    if (request.routeOptions.config.live) log.begin(request, reply)
  })
  subscribe(CHANNELS.served, served)
  subscribe(CHANNELS.aborted, aborted)
  app.addHook('onClose', async () => {
    unsubscribe(CHANNELS.served, served)
    unsubscribe(CHANNELS.aborted, aborted)
  })
})

/** `GET /events`: the live log as Server-Sent Events. It sends the last entries, then each new or changed one. */
export async function liveLogRoute(app: FastifyInstance): Promise<void> {
  app.stopping.addEventListener('abort', () => app.liveLog.hangUp())
  // In an answer to HEAD the stream would be neither read nor closed.
  app.get('/events', { exposeHeadRoute: false }, async (request, reply) => {
    reply.header('content-type', 'text/event-stream').header('cache-control', 'no-store')
    return app.liveLog.listen(field(request.headers['last-event-id']))
  })
}
