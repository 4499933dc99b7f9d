// Fetches a file and verifies it. If it is damaged, only the damaged parts are fetched again.
import { basename } from 'node:path'
import {
  type ExpectedDigests,
  type Verification,
  type VerifiedDigest,
  verifyDigests,
} from './disk/verify-digests.ts'
import { verifyExpected } from './disk/verify-expected.ts'
import type { DownloadError } from './errors.ts'
import type { FetchContext, FetchedVersion, VersionContext, Versions } from './fetch-versions.ts'
import { isAboutServer, withMirrors } from './mirror-errors.ts'
import { MirrorRepair, type Repair } from './mirror-repair.ts'
import type { DownloadStatus } from './progress/download-status.ts'
import { byteCount, gaps, type Interval } from './state/blocks.ts'
import { MAX_DIGESTED_BYTES } from './state/segments.ts'
import { formatSize } from './text/quantities.ts'
import { PartCheck, type PartCheckResult } from './transfer/part-check.ts'

/** A version whose bytes are all in the store, and are what they should be as far as that is known. */
export interface VerifiedVersion extends FetchedVersion {
  /** Null if there was no digest of the whole file. */
  readonly verified: VerifiedDigest | null
}

/** What fetches, and what shows the state. */
export interface Fetching {
  readonly versions: Versions
  readonly status: DownloadStatus
}

/**
 * Fetches a version and verifies its digests. Damage is looked for part by part, if the server has digests of parts:
 *
 * - when the digest of the whole file is wrong, or that of a piece which the caller has given;
 * - when the server has no digest of the whole file yet, in the parts that came without one.
 *
 * Damaged parts are fetched again once. They come with their digests then, and are verified as they come. Wrong pieces are
 * fetched again as long as that makes them fewer.
 * With mirrors, servers that may have the right file are asked for it: see `mirror-repair.ts`.
 * If answers were joined only because a digest is known beforehand, a wrong file is fetched once more in one piece.
 * @throws DownloadError `ERR_DOWNLOAD_DIGEST` if the file stays wrong; the store then forgets all bytes
 */
export async function fetchVerified(
  { versions, status }: Fetching,
  context: FetchContext,
): Promise<VerifiedVersion> {
  const { store, settings } = context
  let fetched = await versions.fetch(context)
  const repair = new MirrorRepair(context)
  let wrongBytes = Number.POSITIVE_INFINITY
  for (let isRepaired = false; ; ) {
    status.enter('verifying')
    const verification = await verify(fetched, context)
    const { areSeveral, joined } = context.servers
    if (verification.kind === 'verified' && areSeveral) await repair.nameLiars(fetched.total)
    const wrongPieces = verification.kind === 'wrong' ? verification.wrongPieces : null
    const again = verification.kind === 'wrong' ? await repair.next(fetched.total, verification) : null
    if (verification.kind === 'wrong' && again !== null) {
      const wrong = { error: verification.error, total: fetched.total }
      fetched = await fetchRepaired({ versions, status }, context, { repair, first: again, wrong })
      continue
    }
    const left = byteCount(wrongPieces ?? [])
    if (verification.kind === 'wrong' && !verification.isAsSent && left > 0 && left < wrongBytes) {
      wrongBytes = left
      if (store.joinable !== null) {
        await store.drop(wrongPieces ?? [])
        status.fetchAgain(`${formatSize(left)} of the file were wrong and are fetched again`)
        fetched = await versions.fetch(context)
        continue
      }
    }
    const doubted = isRepaired || joined.length > 1 ? [] : doubtedParts(verification, fetched)
    const found = await check(context, { doubted, verification })
    if (found.kind === 'whole') {
      fetched = { ...fetched, digests: [...fetched.digests, found.digests] }
      continue
    }
    const damaged = found.kind === 'compared' ? found.damaged : []
    if (damaged.length === 0) {
      if (verification.kind === 'verified') return { ...fetched, verified: verification.digest }
      await store.forget()
      if (!fetched.isJoinedOnTrust || verification.isAsSent || repair.hasTried)
        throw withMirrors(verification.error, context.servers)
      status.startOver(`${verification.error.message}. Only a digest said that its parts belong together`)
      fetched = await versions.fetch({ ...context, trust: 'verify' })
      continue
    }
    await store.drop(damaged)
    status.fetchAgain(`${formatSize(byteCount(damaged))} of the file were damaged and are fetched again`)
    const segmentSize = Math.min(settings.segmentSize ?? MAX_DIGESTED_BYTES, MAX_DIGESTED_BYTES)
    fetched = await versions.fetch({ ...context, settings: { ...settings, segmentSize } })
    isRepaired = true
  }
}

interface Repairing {
  readonly repair: MirrorRepair
  readonly first: Repair
  /** The file as it is, and what is thrown if no server can bring what is wrong. */
  readonly wrong: { readonly error: DownloadError; readonly total: number }
}

/** Fetches again what is wrong. If that fails, the servers that are left are asked for all of it. */
async function fetchRepaired(
  { versions, status }: Fetching,
  context: FetchContext,
  { repair, first, wrong }: Repairing,
): Promise<FetchedVersion> {
  for (let next: Repair | null = first; next !== null; next = repair.afterFailure(wrong.total)) {
    if (next.how === 'joined') {
      await context.store.drop(next.damaged)
      status.fetchAgain(next.message)
    } else {
      context.look?.forget()
      await context.store.forget()
      status.startOver(next.message)
    }
    try {
      return await versions.fetch(context)
    } catch (error) {
      if (!isAboutServer(error)) throw error
    }
  }
  throw wrong.error
}

async function verify(fetched: FetchedVersion, context: FetchContext): Promise<Verification> {
  const { store, settings } = context
  const found = await verifyDigests(store, fetched.total, expectedDigests(fetched, context))
  const { expected } = settings
  return expected === null ? found : await verifyExpected(store, fetched.total, { expected, found })
}

/** The digests that the file must have. */
export function expectedDigests(
  { digests }: Pick<FetchedVersion, 'digests'>,
  { store, settings }: Pick<VersionContext, 'store' | 'settings'>,
): ExpectedDigests {
  // What an earlier run was told counts as well.
  const earlier = store.version?.validators
  const sent = [earlier?.digests ?? {}, earlier?.vouched?.digests ?? {}, ...digests]
  return { sent, given: settings.checksum, described: settings.expected?.digests ?? {} }
}

/** The parts that may be damaged. */
function doubtedParts(verification: Verification, { total, proven }: FetchedVersion): readonly Interval[] {
  if (verification.kind === 'wrong') return verification.isAsSent ? [] : gaps([], total)
  return verification.digest === null && proven !== null ? gaps(proven, total) : []
}

async function check(
  { store, client, servers, output, settings }: FetchContext,
  { doubted, verification }: { doubted: readonly Interval[]; verification: Verification },
): Promise<PartCheckResult> {
  // Without validators, a part could be of another version.
  if (doubted.length === 0 || store.joinable === null) return { kind: 'unknown' }
  const outputName = output.isNamed ? basename(output.path) : null
  const reason = verification.kind === 'wrong' ? 'damage' : 'doubt'
  return await new PartCheck(
    { store, client, server: servers.joined[0] ?? servers.first, settings, outputName, reason },
    doubted,
  ).run()
}
