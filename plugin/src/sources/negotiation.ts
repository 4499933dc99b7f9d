import type { CodingRequest } from '../rules/accept-encoding.ts'

/** How one answer chooses between the forms of what it sends. */
export interface Negotiation {
  readonly request: CodingRequest
  /** Notes that the answer depends on the Accept-Encoding of the request. */
  readonly noteChoice: () => void
}
