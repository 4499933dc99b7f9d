import { propertyOf } from '../own-properties.ts'
import type { ByteRange } from '../rules/range-set.ts'

/** What every {@link Representation} says of itself. */
export interface RepresentationMetadata {
  /** Bytes. A safe integer, 0 or more. */
  readonly size: number
  /** A complete entity-tag as in RFC 9110 §8.8.3 (`"abc"` or `W/"abc"`); leave out when there is none. */
  readonly etag?: string | undefined
  /** When this version was made, as the Last-Modified field says it; leave out when unknown. */
  readonly lastModified?: Date | undefined
  /**
   * `weak` when another version has the same `lastModified`: then it continues no download. `open` while another version
   * can still get the same one: then it is not sent either, as every date whose second is not over. Default `strong`.
   */
  readonly lastModifiedStrength?: 'strong' | 'weak' | 'open' | undefined
  /** The media type; leave out to have it told from the path's extension. */
  readonly contentType?: string | undefined
  /** `none` when ranges make no sense for this one, for example because its size is a guess. Default `bytes`. */
  readonly acceptRanges?: 'bytes' | 'none' | undefined
  /**
   * Whether what was read is still the version that size and validators describe. Asked once, before the last byte
   * goes out; `false` cuts the connection instead of finishing a mixture. Leave out for what cannot change.
   *
   * @param signal aborted when the client goes away or the response fails
   */
  unchanged?(signal: AbortSignal): Promise<boolean>
  /**
   * Called exactly once, whether the response was finished, cut, or had no body: after whatever else was called has
   * settled, or 30 s after a response was given up of which something does not settle. No answer waits for it.
   */
  close(): void | Promise<void>
}

/** A representation that is read as a stream of chunks. */
export interface StreamedRepresentation extends RepresentationMetadata {
  /**
   * Yields exactly the bytes from `first` to `last`, both inclusive; never called for an empty range. Called once
   * for each part, one after the other. Fewer or more bytes than asked cut the connection. A chunk is copied before the
   * next one is asked for: until then do not write to it.
   *
   * @param signal aborted when the client goes away or the response fails
   */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** A representation that is read at positions, into memory of the caller. */
export interface PositionalRepresentation extends RepresentationMetadata {
  /**
   * Reads into `target`, from `position` (bytes from the start). Returns how many bytes were read, at most
   * `target.length`; 0 only at the end. Called for up to four places at a time, for the parts of one answer.
   *
   * @param signal aborted when the client goes away or the response fails: nothing waits for the bytes then. Until this
   *   has settled it may still write into `target`, which is memory for this read alone
   */
  readAt(target: Uint8Array, position: number, signal: AbortSignal): Promise<number>
  /**
   * The bytes of a range that are in memory, so that they need not be read; undefined for others. They are copied
   * before anything else is done, and never handed out. Leave out where nothing is kept in memory.
   */
  cached?(range: ByteRange): Uint8Array | undefined
  /**
   * Offers the bytes of a whole range for {@link cached}, after {@link unchanged} has confirmed them. They are a copy
   * that the source may keep. A failure is logged and fails no answer. Leave out where nothing is kept in memory.
   */
  offerToCache?(range: ByteRange, bytes: Uint8Array): void
}

/**
 * One version of one thing that can be served by ranges, held open ("pinned") for one response: whatever happens to
 * the thing meanwhile, reading gives bytes of this version or fails.
 */
export type Representation = StreamedRepresentation | PositionalRepresentation

/** What {@link RangeSource.open} is told about the request. */
export interface OpenContext {
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
}

/** Where representations come from: files, a buffer, rows of a database, an object store. */
export interface RangeSource {
  /**
   * Opens what `path` names. The path is what the handler gave to `sendRange`, unchecked: a source that maps it to
   * files or keys checks it itself. Returns undefined for what is not there (404). An Error with a `statusCode` from 400
   * to 599 goes to Fastify's error handling as it is, with its message; whatever else it, or a method of what it has
   * opened, fails with is the `cause` of an `ERR_RANGE_SOURCE`.
   *
   * Each opening stands by itself, and several are read at the same time: for other requests, and for one request where an
   * `onSend` hook reads the payload of a representation with `read`.
   *
   * How long a source may take is its own matter: nothing limits it while the client waits.
   */
  open(path: string, context: OpenContext): Promise<Representation | undefined> | Representation | undefined
}

/** Which of the two a representation is. */
export function isPositional(representation: Representation): representation is PositionalRepresentation {
  return propertyOf(representation, 'readAt') !== undefined
}
