import { LARGE_HASHES, MAX_KNOWN_DIGESTS, MAX_PAUSED_HASHES, SMALL_HASHES } from '../memory-bounds.ts'
import { type DigestAlgorithm, HASH_NAMES } from '../rules/digest-algorithm.ts'
import { HashLane } from '../sources/hash-lane.ts'
import { ContentHash } from './content-hash.ts'
import type { OpenFile } from './open-file.ts'
import { RecentEntries } from './recent-entries.ts'
import { RecentSizes } from './recent-sizes.ts'

/** An answer waits for the hash of a file of this many bytes, and not for that of a longer one. */
export const LONGEST_AWAITED_BYTES: number = 1024 * 1024
/** How long an answer waits for a hash, in ms. It may stand in a queue, and a storage may hang. */
const AWAITED_MS = 500
/** How long a file is hashed on after the last request that wanted its digest, in ms. */
const INTEREST_MS = 30_000
/** How often that is checked, in ms. */
const SWEEP_MS = 1000

/** The hash of one version of a file, while it is made. */
interface Run {
  /** Undefined if the file has changed or cannot be read, or the run was stopped. */
  readonly digest: Promise<string | undefined>
  readonly stop: () => void
  /** Those who want it. */
  readonly owners: Set<object>
  /** When it was last wanted, in ms by a clock that only goes forward. */
  wantedAt: number
}

/** The times of {@link FileDigests}. */
export interface DigestTimes {
  readonly interestMs: number
  readonly sweepMs: number
}

/**
 * Digests of the content of files. Each version of a file is hashed once, for all requests and registrations. A version is
 * what the open descriptor shows, so a file that has changed has no digest of an earlier version.
 *
 * What clients can make this do is bounded: a few files are hashed at a time, few wait, a hash that was stopped goes on
 * where it was, and a result is remembered. A file is not hashed while it grows, nor while another write could have the
 * same timestamps.
 */
export class FileDigests {
  readonly #known = new RecentEntries<string>(MAX_KNOWN_DIGESTS)
  readonly #paused = new RecentEntries<ContentHash>(MAX_PAUSED_HASHES)
  readonly #runs = new Map<string, Run>()
  readonly #sizes = new RecentSizes()
  readonly #small = new HashLane(SMALL_HASHES)
  readonly #large = new HashLane(LARGE_HASHES)
  readonly #times: DigestTimes
  #sweeper: NodeJS.Timeout | undefined

  constructor(times: DigestTimes = { interestMs: INTEREST_MS, sweepMs: SWEEP_MS }) {
    this.#times = times
  }

  /** The digest of an open file in base64, if it is known. */
  known(file: OpenFile, algorithm: DigestAlgorithm): string | undefined {
    return this.#known.get(keyOf(file, algorithm))
  }

  /**
   * The digest of an open file in base64; undefined if it is not known yet. The file is hashed then. The result of a short
   * file is awaited for a moment.
   *
   * @param owner who wants it, until {@link leave}
   */
  async of(file: OpenFile, algorithm: DigestAlgorithm, owner: object): Promise<string | undefined> {
    const known = this.known(file, algorithm)
    if (known !== undefined || !file.settled) return known
    const key = keyOf(file, algorithm)
    const run = this.#runs.get(key) ?? this.#begin(key, file, algorithm)
    if (run === undefined) return undefined
    run.owners.add(owner)
    run.wantedAt = performance.now()
    return isShort(file) ? within(AWAITED_MS, run.digest) : undefined
  }

  /** Stops every run that no other owner wants. */
  leave(owner: object): void {
    for (const { owners, stop } of this.#runs.values()) if (owners.delete(owner) && owners.size === 0) stop()
  }

  #begin(key: string, file: OpenFile, algorithm: DigestAlgorithm): Run | undefined {
    const lane = isShort(file) ? this.#small : this.#large
    if (lane.isFull || this.#sizes.isGrowth(file.version) || !file.retain()) return undefined
    const controller = new AbortController()
    const { signal } = controller
    const end = (): void => {
      file.release()
      if (this.#runs.get(key) === run) this.#runs.delete(key)
    }
    const digest = lane
      .run(signal, () => this.#hash(key, { file, algorithm, signal }))
      // A file that cannot be read has no digest. The answer that reads it fails by itself.
      .catch(() => undefined)
      .finally(end)
    const run: Run = { digest, stop: () => controller.abort(), owners: new Set(), wantedAt: 0 }
    this.#runs.set(key, run)
    this.#sweeper ??= setInterval(() => this.#sweep(), this.#times.sweepMs).unref()
    return run
  }

  async #hash(key: string, { file, algorithm, signal }: HashContext): Promise<string | undefined> {
    const hash = this.#paused.take(key) ?? new ContentHash(HASH_NAMES[algorithm])
    const urgency = isShort(file) ? 'awaited' : 'background'
    if (!(await hash.readOn(file, { urgency, signal }))) {
      this.#paused.set(key, hash)
      return undefined
    }
    if (!(await file.isUntouched())) return undefined
    const digest = hash.digest('base64')
    this.#known.set(key, digest)
    return digest
  }

  #sweep(): void {
    const limit = performance.now() - this.#times.interestMs
    for (const { wantedAt, stop } of this.#runs.values()) if (wantedAt <= limit) stop()
    if (this.#runs.size > 0) return
    clearInterval(this.#sweeper)
    this.#sweeper = undefined
  }
}

interface HashContext {
  readonly file: OpenFile
  readonly algorithm: DigestAlgorithm
  readonly signal: AbortSignal
}

/** The one collection of this process, since all registrations serve the same files. */
export const fileDigests: FileDigests = new FileDigests()

function keyOf({ versionKey }: OpenFile, algorithm: DigestAlgorithm): string {
  return `${algorithm}:${versionKey}`
}

function isShort({ version }: OpenFile): boolean {
  return version.size <= LONGEST_AWAITED_BYTES
}

async function within<T>(ms: number, result: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms)
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}
