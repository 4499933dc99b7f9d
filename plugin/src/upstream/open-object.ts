import type { ByteRange } from '../rules/range-set.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Signal } from '../sources/signal.ts'
import type { StreamedRepresentation } from '../sources/source.ts'
import type { AnswerHead } from './answer-head.ts'
import { Attempts } from './attempts.ts'
import {
  ALL_BYTES,
  firstRange,
  type Hints,
  isUnsatisfiable,
  rangeAfterUnsatisfiable,
} from './first-request.ts'
import { NearRanges } from './near-ranges.ts'
import { objectRepresentation, unsatisfiedRepresentation } from './object-representation.ts'
import { reprDigestOf } from './representation-digest.ts'
import type { Store, StoreAnswer } from './store.ts'
import { StoredObject } from './stored-object.ts'
import { archived, QueueTimeout, unavailable, upstreamFailure } from './upstream-errors.ts'
import type { UpstreamSettings } from './upstream-settings.ts'
import type { Verdict } from './verdict.ts'
import { pinOf, versionOf } from './version.ts'

/** An answer with bytes. */
type Opened = Extract<StoreAnswer, { readonly body: unknown }>
/** An answer without bytes, except that of a range after the end. */
type Refused = Exclude<Verdict, { kind: 'part' | 'whole' | 'busy' | 'unsatisfiable' }>

/** What an object is opened for. */
export interface ObjectContext extends Hints {
  /** Aborted when the answer is over. */
  readonly signal: Signal
}

/**
 * Opens the object at a path: asks the store until it has said what is there.
 *
 * @throws SendRangeError `ERR_RANGE_UPSTREAM`, `ERR_RANGE_ARCHIVED`, `ERR_RANGE_OVERLOADED`
 */
export async function openObject(
  store: Store,
  path: string,
  context: ObjectContext,
): Promise<StreamedRepresentation | Refusal> {
  const { signal } = context
  const { versions, settings } = store
  const attempts = new Attempts(settings.retries, signal)
  const object = new StoredObject(store, path)
  const near = new NearRanges()
  let isMeasured = false
  for (let range = firstRange(context, versions.get(path), near); ; ) {
    let answer: StoreAnswer | undefined
    try {
      answer = await object.first(range, signal)
    } catch (error) {
      if (error instanceof QueueTimeout) throw unavailable(error)
      await attempts.waitAfter(error)
      continue
    }
    if (answer === undefined) return 'not-in-source'
    if ('body' in answer) return represented(store, object, { answer, path, asked: range, near, signal })
    const { verdict } = answer
    if (verdict.kind === 'unmeasured' && range === undefined && !isMeasured) {
      isMeasured = true
      range = ALL_BYTES
      continue
    }
    if (verdict.kind !== 'unsatisfiable') {
      // Swift says of an object that is being overwritten, for a moment, that it is not there.
      const wasThere = versions.delete(path)
      if (verdict.kind === 'absent' && wasThere) continue
      return refused(verdict, settings)
    }
    const { size } = verdict
    if (isUnsatisfiable(context, size)) return unsatisfiedRepresentation(size)
    range = rangeAfterUnsatisfiable(range, size)
  }
}

interface OpenedContext {
  readonly answer: Opened
  readonly path: string
  readonly asked: ByteRange | undefined
  readonly near: NearRanges
  readonly signal: Signal
}

/** Ends in a representation: the object is there. */
function represented(
  store: Store,
  object: StoredObject,
  { answer, path, asked, near, signal }: OpenedContext,
): StreamedRepresentation {
  const { verdict, head, body } = answer
  const { size } = verdict
  if (head.fields['etag'] === undefined && store.form.withoutTag === 'refused') {
    body.destroy()
    throw upstreamFailure(new Error('the store answered without an ETag'))
  }
  const version = versionOf(head, size)
  object.pin(version)
  const range = verdict.kind === 'part' ? verdict.range : { first: 0, last: size - 1 }
  const { settings, versions } = store
  const isWhole = range.first === 0 && range.last === size - 1
  const digest = reprDigestOf(head, isWhole) ?? versions.digestOf(path, version)
  const hasGivenRange = givesRange(verdict, asked)
  const unsaid = versions.hasGivenRange(path) ? 'bytes' : store.form.withoutAcceptRanges
  const opened = objectRepresentation({
    object,
    version,
    head,
    digest,
    hasRanges: hasGivenRange ?? saysRanges(head, unsaid),
    arrived: { body, range },
    near,
    signal,
    settings,
  })
  // An origin may give ranges without saying so. So it is asked for each, unless nothing could pin the version.
  const acceptRanges = pinOf(version) === undefined ? ('none' as const) : undefined
  const { etag, lastModified, lastModifiedStrength, headers } = opened
  const facts = { size, etag, lastModified, lastModifiedStrength, acceptRanges }
  versions.set(path, facts, { digest: headers?.['repr-digest'], hasGivenRange })
  return opened
}

/** Whether an answer gives a range; undefined if it was asked for all bytes, which a server may send with a 200. */
function givesRange({ kind, size }: Opened['verdict'], asked: ByteRange | undefined): boolean | undefined {
  if (kind === 'part') return true
  return asked === undefined || (asked.first === 0 && asked.last >= size - 1) ? undefined : false
}

function saysRanges({ fields }: AnswerHead, unsaid: 'bytes' | 'none'): boolean {
  return (fields['accept-ranges'] ?? unsaid).toLowerCase() === 'bytes'
}

/** Why nothing is served. */
function refused(verdict: Refused, { forbidden }: Pick<UpstreamSettings, 'forbidden'>): Refusal {
  switch (verdict.kind) {
    case 'absent':
      return 'not-in-source'
    case 'forbidden':
      if (forbidden === 'absent') return 'not-in-source'
      throw upstreamFailure(new Error('the store forbids the request'))
    case 'archived':
      throw archived()
    case 'changed':
      throw upstreamFailure(new Error('status 412 without a condition'))
    case 'unmeasured':
    case 'unusable':
      throw upstreamFailure(new Error(`the store answered with ${verdict.reason}`))
  }
}
