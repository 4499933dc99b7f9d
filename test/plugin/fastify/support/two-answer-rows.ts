import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RangeSource } from 'fastify-send-range'
import { type Answer, type Handler, MINE } from './two-answers.ts'

/** A handler, and what its client may get. */
export interface Row {
  readonly name: string
  readonly handler: Handler
  /** One of these, depending on which answer comes first. */
  readonly want: readonly Answer[]
}

/** A source that takes a while to open. */
const slow: RangeSource = {
  async open() {
    await sleep(30)
    return { size: 100, etag: '"slow"', readAt: async (target) => target.fill(99).length, close() {} }
  },
}

/** Handlers that answer more than once, or in a way that Fastify does not expect. */
export const ROWS: readonly Row[] = [
  {
    name: 'twice, at once',
    handler: (reply) => {
      reply.sendRange('first')
      return reply.sendRange('second')
    },
    want: ['error'],
  },
  {
    name: 'three times',
    handler: (reply) => {
      reply.sendRange('first')
      reply.sendRange('second')
      return reply.sendRange('small')
    },
    want: ['error'],
  },
  {
    name: 'twice, the second with wrong options',
    handler: (reply) => {
      reply.sendRange('first')
      return reply.sendRange('second', '/etc' as never)
    },
    want: ['error'],
  },
  {
    name: 'twice, the second from a callback',
    handler: (reply) => {
      reply.sendRange('first')
      setImmediate(() => reply.sendRange('second'))
    },
    want: ['error', 'first'],
  },
  {
    name: 'twice, the second when the first is under way',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
      return reply.sendRange('second')
    },
    want: ['error', 'first'],
  },
  {
    name: 'twice, and the first is short and over',
    handler: async (reply) => {
      reply.sendRange('small')
      await sleep(20)
      return reply.sendRange('second')
    },
    want: ['error', 'small'],
  },
  {
    name: 'twice, and the first takes long to open',
    handler: async (reply) => {
      reply.sendRange('x', { source: slow })
      await sleep(5)
      return reply.sendRange('second')
    },
    want: ['error'],
  },
  {
    name: 'send, then sendRange',
    handler: (reply) => {
      reply.send(MINE)
      return reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'send of a stream, then sendRange',
    handler: (reply) => {
      const stream = Readable.from([Buffer.from(MINE.slice(0, 5)), Buffer.from(MINE.slice(5))])
      reply.header('content-length', MINE.length).send(stream)
      return reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'send of what cannot be sent, then sendRange',
    handler: (reply) => {
      try {
        reply
          .type('text/plain')
          .serializer(() => 5 as never)
          .send({})
      } catch {
        reply.serializer((text) => String(text)).sendRange('small')
      }
    },
    want: ['small', 'error'],
  },
  {
    name: 'sendRange, then send',
    handler: (reply) => {
      reply.sendRange('first')
      reply.send(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'sendRange of a short file, then send under another status',
    handler: (reply) => {
      reply.sendRange('small')
      reply.code(202).header('x-mine', '1').send(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then send when it is under way',
    handler: (reply) => {
      reply.sendRange('first')
      setTimeout(() => reply.send(MINE), 20)
    },
    want: ['first', 'mine'],
  },
  {
    name: 'an async handler that forgets to return the reply',
    handler: async (reply) => {
      reply.sendRange('first')
    },
    want: ['first'],
  },
  {
    name: 'an async handler that forgets it, and takes a while',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
    },
    want: ['first'],
  },
  {
    name: 'an async handler that returns something else',
    handler: async (reply) => {
      reply.sendRange('small')
      return MINE
    },
    want: ['mine'],
  },
  {
    name: 'a handler that throws afterwards',
    handler: (reply) => {
      reply.sendRange('first')
      throw new Error('of the handler')
    },
    want: ['error'],
  },
  {
    name: 'a handler that throws when it is under way',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
      throw new Error('of the handler')
    },
    want: ['error', 'first'],
  },
  {
    name: 'a handler that throws no Error',
    handler: async (reply) => {
      reply.sendRange('first')
      throw 'text'
    },
    want: ['error'],
  },
  {
    name: 'a handler that throws undefined',
    handler: (reply) => {
      reply.sendRange('first')
      throw undefined
    },
    want: ['error'],
  },
  {
    name: 'an async handler that throws undefined',
    handler: async (reply) => {
      reply.sendRange('first')
      throw undefined
    },
    want: ['error'],
  },
  {
    name: 'sendRange, then send of nothing',
    handler: (reply) => {
      reply.sendRange('small')
      reply.send()
    },
    want: ['small'],
  },
  {
    name: 'sendRange, then a redirect',
    handler: (reply) => {
      reply.sendRange('small')
      return reply.redirect('/elsewhere')
    },
    want: ['empty'],
  },
  {
    name: 'sendRange, then a redirect when it is under way',
    handler: async (reply) => {
      reply.sendRange('first')
      await sleep(20)
      return reply.redirect('/elsewhere')
    },
    want: ['first', 'empty'],
  },
  {
    name: 'sendRange, then a status without content',
    handler: (reply) => {
      reply.sendRange('small')
      return reply.code(204).send()
    },
    want: ['empty'],
  },
  {
    name: 'sendRange, then a refusal without content',
    handler: (reply) => {
      reply.sendRange('small')
      return reply.code(401).send()
    },
    want: ['error'],
  },
  {
    name: 'an async handler that wants parts, and forgets to return the reply',
    handler: async (reply) => {
      reply.code(206).sendRange('small')
    },
    want: ['small'],
  },
  {
    name: 'a function of an option that redirects',
    handler: (reply) => reply.sendRange('small', { headers: () => void reply.redirect('/elsewhere') }),
    want: ['empty'],
  },
  {
    name: 'an async handler that sets a status first, and forgets to return the reply',
    handler: async (reply) => {
      reply.code(404).header('location', '/elsewhere').sendRange('small')
    },
    want: ['small'],
  },
  {
    name: 'hijack, then sendRange',
    handler: (reply) => {
      reply.hijack()
      reply.raw.end(MINE)
      reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then hijack',
    handler: (reply) => {
      reply.sendRange('first')
      reply.hijack()
      setTimeout(() => reply.raw.end(MINE), 20)
    },
    want: ['mine'],
  },
  {
    name: 'raw.end, then sendRange',
    handler: (reply) => {
      reply.raw.end(MINE)
      reply.sendRange('first')
    },
    want: ['mine'],
  },
  {
    name: 'sendRange, then raw.end',
    handler: (reply) => {
      reply.sendRange('first')
      reply.raw.end(MINE)
    },
    want: ['mine'],
  },
  {
    name: 'a refusal that forgets to return, then sendRange',
    handler: (reply) => {
      reply.code(404).send(MINE)
      return reply.sendRange('small')
    },
    want: ['mine'],
  },
]
