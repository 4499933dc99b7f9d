import { codingOf, isContentEncoding } from '../rules/content-coding.ts'
import { parseEntityTag } from '../rules/entity-tag.ts'
import { parseHttpDate } from '../rules/http-date.ts'
import type { AnswerHead } from './answer-head.ts'

/** What identifies the version of a representation that an answer is about. */
export interface Version {
  readonly size: number
  /** A valid entity-tag. */
  readonly etag: string | undefined
  /** As the store sent it. */
  readonly lastModified: string | undefined
  /** Seconds since the epoch; undefined for an invalid date. */
  readonly modifiedAt: number | undefined
  /** `open`: another version may still get the same date. */
  readonly dateStrength: 'strong' | 'weak' | 'open'
  /** The Content-Encoding that the object is stored with. */
  readonly coding: string | undefined
  /** The id of the version, in a bucket that keeps versions. */
  readonly id: string | undefined
}

/**
 * The least seconds between a date and the time of its answer for which the date identifies a version. RFC 9110 §8.8.2.2
 * asks for one second of one clock. The date of a file and the time of an answer are often of two.
 */
const STRONG_AFTER_SECONDS = 60

/** Reads the version from the head of an answer. */
export function versionOf(head: AnswerHead, size: number): Version {
  const { fields, receivedAt } = head
  const etag = fields['etag']
  const lastModified = fields['last-modified']
  const modifiedAt = secondsOf(lastModified, receivedAt)
  const id = fields['x-amz-version-id']
  return {
    size,
    etag: etag !== undefined && parseEntityTag(etag) !== undefined ? etag : undefined,
    lastModified,
    modifiedAt,
    dateStrength: dateStrength(modifiedAt, secondsOf(fields['date'], receivedAt)),
    coding: storedCoding(fields['content-encoding']),
    // `null` is the id of an object that was stored before versions were kept.
    id: id === 'null' ? undefined : id,
  }
}

/**
 * `aws-chunked` is how an upload came, and not how the object is stored. AWS removes it; Ceph, MinIO and others have kept
 * it. What is no list of codings says nothing about the bytes.
 */
function storedCoding(given: string | undefined): string | undefined {
  if (!isContentEncoding(given)) return undefined
  const codings = codingOf(given)
    ?.split(', ')
    .filter((coding) => coding !== 'aws-chunked')
  return codingOf(codings?.join(', '))
}

function secondsOf(date: string | undefined, now: number): number | undefined {
  return date === undefined ? undefined : parseHttpDate(date, now)
}

function dateStrength(
  modifiedAt: number | undefined,
  answeredAt: number | undefined,
): Version['dateStrength'] {
  if (modifiedAt === undefined || answeredAt === undefined || answeredAt <= modifiedAt) return 'open'
  return answeredAt - modifiedAt >= STRONG_AFTER_SECONDS ? 'strong' : 'weak'
}

/**
 * The condition under which more bytes of this version can be asked for; undefined if nothing identifies it. If-Match
 * compares strongly (RFC 9110 §13.1.1), so a weak tag would always fail.
 */
export function pinOf({
  etag,
  lastModified,
  dateStrength,
}: Version): Readonly<Record<string, string>> | undefined {
  if (etag !== undefined && parseEntityTag(etag)?.strength === 'strong') return { 'if-match': etag }
  if (lastModified !== undefined && dateStrength === 'strong') return { 'if-unmodified-since': lastModified }
  return undefined
}

/**
 * Whether two answers are about the same version. Not every origin evaluates conditions. With one strong tag the bytes are
 * the same (RFC 9110 §8.8.1): the servers behind one origin may have different dates, and a 206 need not have any.
 */
export function isSameVersion(one: Version, other: Version): boolean {
  const isTagged = one.etag !== undefined && parseEntityTag(one.etag)?.strength === 'strong'
  const names = ['size', 'etag', 'coding', ...(isTagged ? [] : ['lastModified' as const])] as const
  return names.every((name) => one[name] === other[name])
}
