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
export async function fetchVerified(fetching: Fetching, context: FetchContext): Promise<VerifiedVersion> {
  return await new VerifiedFetch(fetching, context).run()
}

type Wrong = Extract<Verification, { kind: 'wrong' }>

/** One run of {@link fetchVerified}. */
class VerifiedFetch {
  readonly #fetching: Fetching
  readonly #context: FetchContext
  readonly #repair: MirrorRepair
  /** In the wrong pieces that were fetched again last. */
  #wrongBytes = Number.POSITIVE_INFINITY
  /** Were damaged parts fetched again? */
  #isRepaired = false

  constructor(fetching: Fetching, context: FetchContext) {
    this.#fetching = fetching
    this.#context = context
    this.#repair = new MirrorRepair(context)
  }

  async run(): Promise<VerifiedVersion> {
    const { versions, status } = this.#fetching
    let fetched = await versions.fetch(this.#context)
    for (;;) {
      status.enter('verifying')
      const verification = await verify(fetched, this.#context)
      const again = await this.#afterDigests(fetched, verification)
      if (again !== null) {
        fetched = again
        continue
      }
      const found = await this.#checkParts(fetched, verification)
      if (found.kind === 'whole') fetched = { ...fetched, digests: [...fetched.digests, found.digests] }
      else if (found.kind === 'compared' && found.damaged.length > 0)
        fetched = await this.#fetchDamaged(found.damaged)
      else if (verification.kind === 'verified') return { ...fetched, verified: verification.digest }
      else fetched = await this.#inOnePiece(fetched, verification)
    }
  }

  /** Fetches again what the digests show to be wrong; null if they do not show where that is. */
  async #afterDigests({ total }: FetchedVersion, verification: Verification): Promise<FetchedVersion | null> {
    if (verification.kind === 'verified') {
      if (this.#context.servers.areSeveral) await this.#repair.nameLiars(total)
      return null
    }
    const first = await this.#repair.next(total, verification)
    if (first === null) return await this.#fetchWrongPieces(verification)
    const wrong = { error: verification.error, total }
    return await fetchRepaired(this.#fetching, this.#context, { repair: this.#repair, first, wrong })
  }

  /** Null if no piece is known to be wrong, or as many bytes are as before. */
  async #fetchWrongPieces({ wrongPieces, isAsSent }: Wrong): Promise<FetchedVersion | null> {
    const { versions, status } = this.#fetching
    const { store } = this.#context
    const left = byteCount(wrongPieces ?? [])
    if (isAsSent || left === 0 || left >= this.#wrongBytes) return null
    this.#wrongBytes = left
    if (store.joinable === null) return null
    await store.drop(wrongPieces ?? [])
    status.fetchAgain(`${formatSize(left)} of the file were wrong and are fetched again`)
    return await versions.fetch(this.#context)
  }

  async #checkParts(fetched: FetchedVersion, verification: Verification): Promise<PartCheckResult> {
    const isUseless = this.#isRepaired || this.#context.servers.joined.length > 1
    const doubted = isUseless ? [] : doubtedParts(verification, fetched)
    return await check(this.#context, { doubted, verification })
  }

  async #fetchDamaged(damaged: readonly Interval[]): Promise<FetchedVersion> {
    const { versions, status } = this.#fetching
    const { store, settings } = this.#context
    await store.drop(damaged)
    status.fetchAgain(`${formatSize(byteCount(damaged))} of the file were damaged and are fetched again`)
    const segmentSize = Math.min(settings.segmentSize ?? MAX_DIGESTED_BYTES, MAX_DIGESTED_BYTES)
    const fetched = await versions.fetch({ ...this.#context, settings: { ...settings, segmentSize } })
    this.#isRepaired = true
    return fetched
  }

  /** The last way. @throws DownloadError if its parts were not joined by a digest alone, or that is no use */
  async #inOnePiece({ isJoinedOnTrust }: FetchedVersion, wrong: Wrong): Promise<FetchedVersion> {
    const { versions, status } = this.#fetching
    const { store, servers } = this.#context
    await store.forget()
    if (!isJoinedOnTrust || wrong.isAsSent || this.#repair.hasTried) throw withMirrors(wrong.error, servers)
    status.startOver(`${wrong.error.message}. Only a digest said that its parts belong together`)
    return await versions.fetch({ ...this.#context, trust: 'verify' })
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
