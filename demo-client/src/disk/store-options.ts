// The options of a store, and the state that it opens.
import type { Claim } from '../claim/claim.ts'
import type { Secret } from '../claim/journal-key.ts'
import type { NewPart } from './part-file.ts'
import type { Recovered } from './recovery.ts'

/** The options of a store. */
export interface StoreOptions extends NewPart {
  /** The final path, as far as it is known. */
  readonly path: string
  /** `'suggested'`: the server may still choose the name. */
  readonly naming: 'chosen' | 'suggested'
  /** What is downloaded: the URL, or the caller's `resumeKey`. A journal with another key is not used. */
  readonly key: string
  readonly resume: 'auto' | 'never'
  /** Is the whole file read again at the end, for a checksum that the caller gave? The store itself sees digests of servers. */
  readonly isReadAgain: boolean
  /** Called with the first failure of a write, which ends the download. */
  readonly onFailure: (error: unknown) => void
}

/** What was locked and found. */
export interface OpenedState {
  readonly claim: Claim
  readonly secret: Secret
  readonly recovered: Recovered
}
