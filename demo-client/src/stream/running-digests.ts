// The digests of an output, computed while its bytes are written: they cannot be read again.
import { type RunningHash, runningHash } from '../files/running-hash.ts'
import { ALGORITHMS, type ExpectedDigest, type SentAlgorithm } from '../rules/digest.ts'
import type { Validators } from '../rules/validators.ts'

/** The algorithm of digests that only a later answer sends: most servers that have digests have this one. */
const USUAL = 'sha-256'

/** Hashes all bytes in order, by each algorithm that may be needed at the end. */
export class RunningDigests {
  readonly #hashes: ReadonlyMap<SentAlgorithm, RunningHash>

  private constructor(hashes: ReadonlyMap<SentAlgorithm, RunningHash>) {
    this.#hashes = hashes
  }

  /** Starts at the first byte. `given` is the digest of the caller, or null. */
  static async start(
    { digests, vouched, total }: Validators,
    given: ExpectedDigest | null,
  ): Promise<RunningDigests> {
    const needed = new Set(Object.keys({ ...digests, ...vouched?.digests }) as SentAlgorithm[])
    if (given !== null) needed.add(given.algorithm)
    // A server that hashes a file in the background sends its digest later, and others send it after the body.
    if (!ALGORITHMS.some((each) => needed.has(each))) {
      needed.add(USUAL)
      if (total === null) for (const each of ALGORITHMS) needed.add(each)
    }
    const hashes = new Map<SentAlgorithm, RunningHash>()
    for (const algorithm of needed) hashes.set(algorithm, await runningHash(algorithm))
    return new RunningDigests(hashes)
  }

  update(bytes: Buffer): void {
    for (const hash of this.#hashes.values()) hash.update(bytes)
  }

  /** Those of `algorithms` that were computed, in base64. Call it once. */
  read<Name extends SentAlgorithm>(algorithms: Iterable<Name>): ReadonlyMap<Name, string> {
    const found = new Map<Name, string>()
    for (const algorithm of algorithms) {
      const hash = this.#hashes.get(algorithm)
      if (hash !== undefined) found.set(algorithm, hash.digest())
    }
    return found
  }
}
