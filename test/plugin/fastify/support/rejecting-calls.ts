import type { FastifyReply } from 'fastify'
import type { bufferSource } from 'fastify-send-range'

/** A call of `sendRange` that has a rejecting promise in the place of one value. */
export interface RejectingCall {
  /** Default: none. */
  readonly path?: () => unknown
  readonly options?: () => unknown
  /** Before `sendRange`. */
  readonly call?: (reply: FastifyReply, make: typeof bufferSource) => void
  readonly status: number
  readonly code?: string
}

/** A text that must be in no answer. */
export const SECRET = '/etc/secret'

const CONTENT = Buffer.from('0123456789')

/** A rejecting promise, as an async function returns it in the place of a plain function. */
const rejecting = async (): Promise<never> => {
  throw new Error(SECRET)
}
/** The same as another kind of thenable. */
const thenable = (): unknown => {
  const promise = rejecting()
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested
  return { then: (resolve: () => void, reject: () => void) => promise.then(resolve, reject) }
}
const later = async (): Promise<never> => {
  await new Promise((resolve) => setImmediate(resolve))
  throw new Error(SECRET)
}

const readAt = async (target: Uint8Array, position: number): Promise<number> =>
  CONTENT.copy(target, 0, position, position + target.length)

function source(more: Readonly<Record<string, unknown>>): () => unknown {
  return () => ({
    source: { open: () => ({ size: 10, etag: '"v"', readAt, close() {}, ...more }) },
  })
}

function streamed(read: unknown): () => unknown {
  return source({ readAt: undefined, read })
}

function iterator(more: Readonly<Record<string, unknown>>): () => unknown {
  return streamed(() => ({ [Symbol.asyncIterator]: () => ({ ...more }) }))
}

const file = (): string => 'f.txt'
const option = { path: file, status: 500, code: 'ERR_RANGE_OPTION' } as const
const broken = { path: file, status: 500, code: 'ERR_RANGE_SOURCE' } as const
const served = { path: file, status: 206 } as const

const OPTIONS = [
  'root',
  'source',
  'dotfiles',
  'etag',
  'lastModified',
  'cacheControl',
  'contentType',
  'headers',
  'download',
  'acceptRanges',
  'maxRanges',
  'stallTimeout',
  'encodedSlashes',
  'targetSpelling',
  'maxOpenFiles',
  'unknown',
]

const METADATA = ['size', 'etag', 'lastModified', 'contentType', 'acceptRanges', 'lastModifiedStrength']
const METHODS = ['read', 'readAt', 'unchanged', 'cached', 'offerToCache', 'close']

export const REJECTING: Readonly<Record<string, RejectingCall>> = {
  'a path': { ...option, path: rejecting },
  'the options': { ...option, options: rejecting },
  'both a path and the options': { ...option, path: rejecting, options: rejecting },
  'a path with a wrong option': { ...option, path: rejecting, options: () => ({ etag: 5 }) },
  'a path with an option': { ...option, path: rejecting, options: () => ({ download: rejecting() }) },
  'an option behind a wrong one': { ...option, options: () => ({ etag: 5, download: rejecting() }) },
  'an option of a getter': {
    ...option,
    options: () => ({
      get download() {
        return rejecting()
      },
    }),
  },
  'a field': { ...option, options: () => ({ headers: { 'x-a': rejecting() } }) },
  'a call on a reply that was sent': {
    path: rejecting,
    options: () => ({ download: rejecting() }),
    call: (reply) => void reply.send('sent before'),
    status: 200,
  },
  'the source of a buffer': {
    ...option,
    call: (_reply, make) => void make(rejecting() as unknown as Uint8Array),
  },
  ...Object.fromEntries(
    ['options', 'etag', 'lastModified', 'contentType'].map((name) => [
      `${name} of a buffer`,
      {
        ...option,
        call: (_reply: FastifyReply, make: typeof bufferSource) =>
          void make(CONTENT, (name === 'options' ? rejecting() : { [name]: rejecting() }) as object),
      },
    ]),
  ),
  ...Object.fromEntries(
    OPTIONS.map((name) => [`the option ${name}`, { ...option, options: () => ({ [name]: rejecting() }) }]),
  ),
  'the contentType function': { ...option, options: () => ({ contentType: rejecting }) },
  'the contentType function, a thenable': { ...option, options: () => ({ contentType: thenable }) },
  'the contentType function, later': { ...option, options: () => ({ contentType: later }) },
  'the etag function': { ...option, options: () => ({ etag: rejecting }) },
  open: { ...broken, options: () => ({ source: { open: rejecting } }) },
  ...Object.fromEntries(
    METADATA.map((name) => [
      `the property ${name}`,
      { ...broken, options: (): unknown => source({ [name]: rejecting() })() },
    ]),
  ),
  ...Object.fromEntries(
    METHODS.map((name) => [
      `no function as ${name}`,
      { ...broken, options: (): unknown => source({ [name]: rejecting() })() },
    ]),
  ),
  cached: { ...broken, options: source({ cached: rejecting }) },
  'cached, a thenable': { ...broken, options: source({ cached: thenable }) },
  offerToCache: { ...served, options: source({ offerToCache: rejecting }) },
  'offerToCache, later': { ...served, options: source({ offerToCache: later }) },
  'offerToCache, a thenable': { ...served, options: source({ offerToCache: thenable }) },
  'offerToCache throws': {
    ...served,
    options: source({
      offerToCache: () => {
        throw new Error(SECRET)
      },
    }),
  },
  readAt: { ...broken, options: source({ readAt: rejecting }) },
  unchanged: { ...broken, options: source({ unchanged: rejecting }) },
  close: { ...served, options: source({ close: rejecting }) },
  'close of a broken one': { ...broken, options: source({ close: rejecting, size: -1 }) },
  'read is async': { ...broken, options: streamed(rejecting) },
  'the maker of the iterator is async': {
    ...broken,
    options: streamed(() => ({ [Symbol.asyncIterator]: rejecting })),
  },
  next: { ...broken, options: iterator({ next: rejecting }) },
  'a chunk of a sync iterator': {
    ...broken,
    options: streamed(function* () {
      yield rejecting()
    }),
  },
  'a chunk of an async iterator': {
    ...broken,
    options: iterator({ next: async () => ({ done: false, value: rejecting() }) }),
  },
  return: {
    ...broken,
    options: iterator({ next: async () => ({ done: false, value: 'no bytes' }), return: rejecting }),
  },
  'a function that wraps send': {
    ...served,
    call: (reply) => {
      const { send } = reply
      reply.send = ((payload: unknown) => {
        send.call(reply, payload)
        return rejecting()
      }) as unknown as FastifyReply['send']
    },
  },
}
