import { representationChanged } from '../errors.ts'
import { isMediaType } from '../rules/field-value.ts'
import type { ByteRange } from '../rules/range-set.ts'
import type { FillableRepresentation } from '../sources/fillable.ts'
import type { Signal } from '../sources/signal.ts'
import type { RepresentationMetadata, StreamedRepresentation } from '../sources/source.ts'
import type { AnswerHead } from './answer-head.ts'
import { isNear, type NearRanges } from './near-ranges.ts'
import { type Arrived, ObjectRead } from './object-read.ts'
import type { StoredObject } from './stored-object.ts'
import type { UpstreamSettings } from './upstream-settings.ts'
import { pinOf, type Version } from './version.ts'

/** S3 has this type for objects that were stored without one. Then the extension of the path says more. */
const NO_TYPE = 'binary/octet-stream'

/** What an object is represented by. */
export interface ObjectFacts {
  readonly object: StoredObject
  readonly version: Version
  readonly head: AnswerHead
  /** The Repr-Digest. */
  readonly digest: string | undefined
  /** Whether the origin knows ranges. */
  readonly hasRanges: boolean
  /** The body of the answer that opened the object. */
  readonly arrived: Arrived
  readonly near: NearRanges
  /** Aborted when the answer is over that it was opened for. */
  readonly signal: Signal
  readonly settings: Pick<UpstreamSettings, 'fields' | 'retries'>
}

/** Makes a representation of an object, of one version. */
export function objectRepresentation(facts: ObjectFacts): FillableRepresentation {
  const { object, arrived, near, settings, signal } = facts
  const canGoOn = hasUsableRanges(facts)
  let unused: Arrived | undefined
  const drop = (): void => {
    unused?.body.finish(lengthOf(unused.range))
    unused = undefined
  }
  const keep = (left: Arrived): void => {
    unused = left
    left.body.lease.idle(drop)
  }
  keep(arrived)
  const read = (range: ByteRange, reader: Signal, following: Iterable<ByteRange> = []): ObjectRead => {
    const takeArrived = (): Arrived | undefined => {
      if (unused !== undefined && !hasRange(unused, range)) drop()
      const taken = unused
      unused = undefined
      return taken
    }
    const { retries } = settings
    return new ObjectRead(range, reader, { object, following, near, takeArrived, keep, retries, canGoOn })
  }
  return Object.assign(metadataOf(facts), {
    read,
    fill: (range: ByteRange, target: Uint8Array) => read(range, signal).fill(target),
    close: drop,
  })
}

/** Stands for an object of which only the size is known, for an answer without its bytes and its validators. */
export function unsatisfiedRepresentation(size: number): StreamedRepresentation {
  return {
    size,
    read() {
      throw representationChanged()
    },
    close() {},
  }
}

/** Whether a body has all of a range, and not much before it. */
function hasRange({ range }: Arrived, { first, last }: ByteRange): boolean {
  return isNear(range.first, first) && last <= range.last
}

function lengthOf({ first, last }: ByteRange): number {
  return last - first + 1
}

/** Whether more bytes of the same version can be asked for. */
function hasUsableRanges({ hasRanges, version }: Pick<ObjectFacts, 'hasRanges' | 'version'>): boolean {
  return hasRanges && pinOf(version) !== undefined
}

function metadataOf(facts: ObjectFacts): Omit<RepresentationMetadata, 'close'> {
  const { version, head, digest, settings } = facts
  const { size, etag, modifiedAt, dateStrength, coding } = version
  const type = head.fields['content-type']
  return {
    size,
    etag,
    lastModified: modifiedAt === undefined ? undefined : new Date(modifiedAt * 1000),
    lastModifiedStrength: dateStrength,
    contentType: isMediaType(type) && type !== NO_TYPE ? type : undefined,
    contentEncoding: coding,
    // Undefined: as the options of the plugin say.
    acceptRanges: hasUsableRanges(facts) ? undefined : 'none',
    headers: handedOn(head, settings.fields, digest),
  }
}

function handedOn(
  { fields }: AnswerHead,
  names: readonly string[],
  digest: string | undefined,
): Record<string, string> {
  const given: Record<string, string> = {}
  for (const each of names) {
    const name = each.toLowerCase()
    const value = fields[name]
    if (value !== undefined) given[name] = value
  }
  if (digest !== undefined) given['repr-digest'] = digest
  return given
}
