import { propertyOf } from '../own-properties.ts'
import type { ByteRange } from '../rules/range-set.ts'
import type { Wanted } from '../rules/wanted.ts'

/** The metadata of every {@link Representation}. */
export interface RepresentationMetadata {
  /** In bytes. A safe integer, 0 or more. */
  readonly size: number
  /** A complete entity-tag as in RFC 9110 §8.8.3 (`"abc"` or `W/"abc"`); leave out if there is none. */
  readonly etag?: string | undefined
  /** When this version was made, for the Last-Modified field; leave out if unknown. */
  readonly lastModified?: Date | undefined
  /**
   * `weak` if another version has the same `lastModified`: then no download is continued by it. `open` while another
   * version can still get the same one: then it is not sent either, like every date whose second is not over. Default
   * `strong`.
   */
  readonly lastModifiedStrength?: 'strong' | 'weak' | 'open' | undefined
  /** The media type. Default: by the extension of the path. */
  readonly contentType?: string | undefined
  /**
   * The codings that the bytes are stored in, as the value of Content-Encoding (`gzip`). They are sent as they are stored,
   * also to a client that does not accept the coding: size, ranges and the entity-tag are of the stored bytes. Leave out
   * if there are none.
   */
  readonly contentEncoding?: string | undefined
  /**
   * More fields of the representation, such as Cache-Control, Content-Disposition, Content-Language, Expires and
   * Repr-Digest, for 200 and 206; a 304 gets those about caching, and a Repr-Digest if the request asks for it. Fields of
   * the handler and of the plugin's options come first. Expires is left out if they have a Cache-Control. Fields with a
   * property of their own here are refused, and so are those of the message, the connection, the server or the client
   * (Content-Length, Date, Vary, Set-Cookie, …). Leave out if there are none.
   */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined
  /** `none` if ranges make no sense, for example because the size is a guess. Default `bytes`. */
  readonly acceptRanges?: 'bytes' | 'none' | undefined
  /**
   * Whether the bytes that were read are of the version that size and validators describe. Called once, before the last
   * byte is sent. `false` is as an `ERR_RANGE_CHANGED`: no mixture is completed. Leave out for what cannot change.
   *
   * @param signal aborted when the client goes away or the response fails
   */
  unchanged?(signal: AbortSignal): Promise<boolean>
  /**
   * Called exactly once, whether the response was finished, cut, or had no body. It is called after all other calls have
   * settled. If one does not settle, it is called 30 s after the end of the response. No answer waits for it.
   */
  close(): void | Promise<void>
}

/** A representation that is read as a stream of chunks. */
export interface StreamedRepresentation extends RepresentationMetadata {
  /**
   * Yields exactly the bytes from `first` to `last`, both inclusive. Never called for an empty range. Called once for
   * each part, one after the other. Fewer or more bytes cut the connection. A chunk is copied before the next one is
   * requested; do not write to it until then. The head of the answer waits for the first chunk, and each chunk for the
   * one after it.
   *
   * @param signal aborted when the client goes away or the response fails
   * @param following the ranges of the parts after this one, in their order. A source may fetch near ones together. Other
   *   callers may leave it out
   */
  read(
    range: ByteRange,
    signal: AbortSignal,
    following?: Iterable<ByteRange>,
  ): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** A representation that is read at positions, into memory that the caller provides. */
export interface PositionalRepresentation extends RepresentationMetadata {
  /**
   * Reads into `target` from `position` (bytes from the start). Returns the number of bytes read: at most `target.length`,
   * and 0 only at the end. Called for up to four places at a time, for the parts of one answer.
   *
   * @param signal aborted when the client goes away or the response fails. Nothing waits for the bytes then, but this may
   *   still write into `target` until it has settled: that memory is for this read alone
   */
  readAt(target: Uint8Array, position: number, signal: AbortSignal): Promise<number>
  /**
   * The bytes of a range that are in memory, so that they need not be read; undefined for others. They are copied
   * at once, and never handed out. Leave out if the source keeps nothing in memory.
   */
  cached?(range: ByteRange): Uint8Array | undefined
  /**
   * Offers the bytes of a whole range for {@link cached}, after {@link unchanged} has confirmed them. They are a copy
   * that the source may keep. A failure is logged and fails no answer. Leave out if the source keeps nothing in memory.
   */
  offerToCache?(range: ByteRange, bytes: Uint8Array): void
}

/**
 * One version of something that can be served by ranges, kept open for one response. If the thing changes in the
 * meantime, a read returns bytes of this version or fails.
 *
 * A method that finds that this version is gone throws a `SendRangeError` with the code `ERR_RANGE_CHANGED`, or any Error
 * with this `code`. If no byte has been sent, the path is opened again, and the answer is decided on what is there then.
 * After three times the answer is a 500. If bytes have been sent, the connection is cut.
 */
export type Representation = StreamedRepresentation | PositionalRepresentation

/** What a source knows of a version before it is opened. It may be old. */
export type KnownVersion = Pick<
  RepresentationMetadata,
  'size' | 'etag' | 'lastModified' | 'lastModifiedStrength' | 'acceptRanges'
>

/** What {@link RangeSource.open} gets to know about the request. */
export interface OpenContext {
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal
  /**
   * What the answer is going to read, as far as the request says. A hint: any range may be read, or none. The plugin
   * always gives it. Other callers of `open` may leave it out.
   */
  readonly wanted?: Wanted | undefined
  /**
   * What the answer is going to read if this is what `open` returns: exactly, after conditions, and with the ranges of
   * this version. A source that remembers versions can make one request for one answer with it. Undefined if the request
   * has conditions, and the version has no validators. Other callers of `open` may leave it out.
   */
  readonly wantedOf?: ((version: KnownVersion) => Wanted | undefined) | undefined
}

/** Where representations come from: files, a buffer, rows of a database, an object store. */
export interface RangeSource {
  /**
   * Opens what `path` names. The handler gave this path to `sendRange`, and it is not checked: a source that maps it to
   * files or keys must check it. Returns undefined for what is not there (404). An Error with a `statusCode` from 400
   * to 599 goes to Fastify's error handling as it is, with its message. Any other failure, of this method or of what it
   * has opened, is the `cause` of an `ERR_RANGE_SOURCE`.
   *
   * Representations are independent of each other, and several are read at the same time: for other requests, and for one
   * request if an `onSend` hook reads the payload of a representation with `read`.
   *
   * Nothing limits how long a source takes while the client waits.
   *
   * `fileSource` and `firstOf` reject if the signal is aborted before they open. A caller of `open` must close what it
   * returns, also if the signal was aborted in the meantime.
   */
  open(path: string, context: OpenContext): Promise<Representation | undefined> | Representation | undefined
}

/** Which of the two a representation is. */
export function isPositional(representation: Representation): representation is PositionalRepresentation {
  return propertyOf(representation, 'readAt') !== undefined
}
