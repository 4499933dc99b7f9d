/** A descriptor that is kept open even while no answer uses it. */
export interface KeptDescriptor {
  /** Stops keeping it: it is closed as soon as no answer uses it. */
  readonly giveUp: () => void
}

/** Limits the descriptors that several caches keep together. The least recently used one is closed first, of any cache. */
export class DescriptorBudget {
  // A Set keeps insertion order: the first is the least recently used.
  readonly #kept = new Set<KeptDescriptor>()
  #limit: number

  /** @param limit descriptors kept at most */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Changes how many descriptors are kept at most. */
  set limit(limit: number) {
    this.#limit = limit
    this.#shrinkTo(limit)
  }

  /** Notes that a descriptor is kept and has been used now. */
  used(kept: KeptDescriptor): void {
    this.forget(kept)
    this.#kept.add(kept)
    this.#shrinkTo(this.#limit)
  }

  /** Notes that a descriptor is not kept any more. */
  forget(kept: KeptDescriptor): void {
    this.#kept.delete(kept)
  }

  /** Stops keeping all of them. */
  giveUpAll(): void {
    this.#shrinkTo(0)
  }

  #shrinkTo(limit: number): void {
    for (const oldest of this.#kept) {
      if (this.#kept.size <= limit) return
      this.forget(oldest)
      oldest.giveUp()
    }
  }
}

/** The descriptors that all registrations of this process keep. */
export const keptDescriptors: DescriptorBudget = new DescriptorBudget(Number.POSITIVE_INFINITY)
