// Where and for what the state of a download is opened.
import type { Claim } from '../claim/claim.ts'
import type { Secret } from '../claim/secret.ts'
import type { NewPart } from './part-file.ts'
import type { Recovered } from './recovery.ts'

/** Where and for what a store is opened. */
export interface StoreOptions extends NewPart {
  /** The final path, as far as it is known. */
  readonly path: string
  /** `'suggested'`: the server may name the file otherwise. */
  readonly naming: 'chosen' | 'suggested'
  /** What is downloaded; a journal with another key is not used. */
  readonly key: string
  readonly resume: 'auto' | 'never'
  /** Will the whole be read again at the end, for a given checksum? A digest that the server sends is seen here. */
  readonly isReadAgain: boolean
  /** Told of the first failure to write, which ends the download. */
  readonly onFailure: (error: unknown) => void
}

/** What was found and locked there. */
export interface OpenedState {
  readonly claim: Claim
  readonly secret: Secret
  readonly recovered: Recovered
}
