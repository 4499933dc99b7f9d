// What identifies a file although the answers with its bytes do not say it: the checksum of the caller, and what redirects
// say. It joins answers that nothing else contradicts, because the whole file is verified at the end.
import { ALGORITHMS, type ExpectedDigest } from './digest.ts'
import { type LinkedFile, NOTHING_LINKED } from './linked-file.ts'

/** Whether answers may be joined because a digest of the whole file is known. `'verify'`: it is only verified at the end. */
export type Trust = 'join' | 'verify'

/** What is known about a file before its answer comes. */
export interface Vouched extends LinkedFile {
  /** That of the caller, as `sha-256=BASE64`, or null. */
  readonly checksum: string | null
  readonly trust: Trust
}

/** What is known; null if that is nothing. */
export function vouchedBy(
  checksum: ExpectedDigest | null,
  linked: LinkedFile | null,
  trust: Trust,
): Vouched | null {
  if (checksum === null && linked === null) return null
  const given = checksum === null ? null : `${checksum.algorithm}=${checksum.value}`
  return { ...(linked ?? NOTHING_LINKED), checksum: given, trust }
}

/** Can answers be joined by it? */
export function canJoin(vouched: Vouched | null | undefined): boolean {
  if (vouched == null || vouched.trust === 'verify') return false
  return (
    vouched.checksum !== null || vouched.tag !== null || ALGORITHMS.some((name) => name in vouched.digests)
  )
}

/** Is it about the same file? */
export function compareVouched(
  a: Vouched | null | undefined,
  b: Vouched | null | undefined,
): 'equal' | 'different' | 'unknown' {
  if (a == null || b == null) return 'unknown'
  const pairs = [
    [a.checksum, b.checksum],
    [a.tag, b.tag],
    ...ALGORITHMS.map((name) => [a.digests[name], b.digests[name]]),
  ]
  const known = pairs.filter(([one, other]) => one != null && other != null)
  if (known.some(([one, other]) => one !== other)) return 'different'
  return known.length > 0 && canJoin(a) && canJoin(b) ? 'equal' : 'unknown'
}
