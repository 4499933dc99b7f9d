/** A descriptor that is kept open although no answer may need it. */
export interface KeptDescriptor {
  /** Keeps it no longer: it is closed as soon as no answer uses it. */
  readonly giveUp: () => void
}

/**
 * Bounds the descriptors that several caches keep, all together: the one that was used longest ago goes first,
 * whichever cache it is in.
 */
export class DescriptorBudget {
  // A Set keeps insertion order: the first is the one that was used longest ago.
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

  /** Notes that a descriptor is kept no longer. */
  forget(kept: KeptDescriptor): void {
    this.#kept.delete(kept)
  }

  /** Gives up all that is kept. */
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

/** What all registrations of this process may keep. */
export const keptDescriptors: DescriptorBudget = new DescriptorBudget(Number.POSITIVE_INFINITY)
