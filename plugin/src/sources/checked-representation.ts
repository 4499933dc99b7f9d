import type { FastifyBaseLogger } from 'fastify'
import { asError, foreignFailure } from '../foreign-failure.ts'
import { ignoreRejection } from '../ignore-rejection.ts'
import { writeLogLine } from '../log-line.ts'
import { ownProperties, propertyOf } from '../own-properties.ts'
import type { ByteRange } from '../rules/range-set.ts'
import { closeOnce } from './close-once.ts'
import { ownCopy } from './own-bytes.ts'
import type {
  PositionalRepresentation,
  Representation,
  RepresentationMetadata,
  StreamedRepresentation,
} from './source.ts'
import { brokenContract, checkedCached } from './source-checks.ts'
import { SourceChunks } from './source-chunks.ts'
import { SourceReads } from './source-reads.ts'

/** The names of all metadata. */
export const METADATA = [
  'size',
  'etag',
  'lastModified',
  'lastModifiedStrength',
  'contentType',
  'contentEncoding',
  'headers',
  'acceptRanges',
] as const
/** The names of all methods. */
export const METHODS = ['read', 'readAt', 'unchanged', 'cached', 'offerToCache', 'close'] as const

/** A method of what a source has opened. */
type Method = (...args: readonly unknown[]) => unknown

/**
 * Checks what a source has opened, now and with each use. Each property is read once, since a getter may return another
 * value later.
 *
 * @throws SendRangeError `ERR_RANGE_SOURCE`, after closing what can be closed
 */
export function checkedRepresentation(opened: unknown, log: FastifyBaseLogger): Representation {
  if (typeof opened !== 'object' || opened === null)
    throw brokenContract('The source opened no representation')
  const given = new Given(opened)
  const close = given.method('close')
  if (close === undefined) throw brokenContract('A representation must have close')
  try {
    return representationOf(given, { log, close })
  } catch (error) {
    closeOnce(close, log)()
    throw error
  }
}

/** The properties of what a source has opened. */
class Given {
  readonly #opened: object
  /** Each function returns the value, or throws the error of reading it. */
  readonly #properties: ReadonlyMap<string, () => unknown>

  constructor(opened: object) {
    this.#opened = opened
    this.#properties = new Map([...METADATA, ...METHODS].map((name) => [name, readOf(opened, name)]))
  }

  /** Not checked here: a value that is not sent need not be right. */
  metadata(): RepresentationMetadata {
    const values = METADATA.map((name) => [name, this.#properties.get(name)?.()])
    return Object.fromEntries(values) as unknown as RepresentationMetadata
  }

  method(name: (typeof METHODS)[number]): Method | undefined {
    const given = this.#properties.get(name)?.()
    if (given === undefined) return undefined
    if (typeof given === 'function') return (...args) => Reflect.apply(given, this.#opened, args)
    throw brokenContract(`The ${name} of a representation must be a function`)
  }
}

function readOf(opened: object, name: string): () => unknown {
  try {
    const value: unknown = propertyOf(opened, name)
    if (typeof value === 'object') ignoreRejection(value)
    return () => value
  } catch (thrown) {
    const failure = sourceFailure(name, thrown)
    return () => {
      throw failure
    }
  }
}

interface OpenedContext {
  readonly log: FastifyBaseLogger
  readonly close: Method
}

function representationOf(given: Given, { log, close }: OpenedContext): Representation {
  const [read, readAt, unchanged] = [given.method('read'), given.method('readAt'), given.method('unchanged')]
  const metadata = {
    ...given.metadata(),
    ...(unchanged && { unchanged: (signal: AbortSignal) => unchangedFrom(unchanged, signal) }),
    close: async () => void (await close()),
  }
  if (readAt !== undefined) return ownProperties({ ...metadata, ...positionalFrom(given, readAt, log) })
  if (read === undefined) throw brokenContract('A representation must have read or readAt')
  return ownProperties<StreamedRepresentation>({
    ...metadata,
    read: (range, readSignal, following) =>
      new SourceChunks(() => read({ ...range }, readSignal, following), range.last - range.first + 1),
  })
}

function sourceFailure(name: string, thrown: unknown): Error {
  return foreignFailure('ERR_RANGE_SOURCE', `The ${name} of the source`, thrown)
}

async function unchangedFrom(unchanged: Method, signal: AbortSignal): Promise<boolean> {
  let isUnchanged: unknown
  try {
    isUnchanged = await unchanged(signal)
  } catch (thrown) {
    throw sourceFailure('unchanged', thrown)
  }
  if (typeof isUnchanged === 'boolean') return isUnchanged
  throw brokenContract('The unchanged of a source must return true or false')
}

function positionalFrom(
  given: Given,
  readAt: Method,
  log: FastifyBaseLogger,
): Pick<PositionalRepresentation, 'readAt' | 'cached' | 'offerToCache'> {
  const reads = new SourceReads(readAt)
  const [cached, offerToCache] = [given.method('cached'), given.method('offerToCache')]
  return {
    readAt: (...args) => reads.readAt(...args),
    ...(cached && { cached: (range: ByteRange) => cachedBytes(cached, range) }),
    ...(offerToCache && {
      offerToCache: (range: ByteRange, bytes: Uint8Array) =>
        offer(() => offerToCache({ ...range }, ownCopy(bytes)), log),
    }),
  }
}

function cachedBytes(cached: Method, range: ByteRange): Uint8Array | undefined {
  let given: unknown
  try {
    given = cached({ ...range })
  } catch (thrown) {
    throw sourceFailure('cached', thrown)
  }
  return checkedCached(given, range.last - range.first + 1)
}

/** The answer does not depend on the cache of a source. Its failure, which may come later by a promise, is logged. */
function offer(keep: () => unknown, log: FastifyBaseLogger): void {
  const attempt = async (): Promise<void> => {
    await keep()
  }
  attempt().catch((error: unknown) => {
    const message = 'a range source failed to cache bytes'
    writeLogLine(log, { level: 'warn', details: { err: asError(error) }, message })
  })
}
