// How many files of each host are under way. Pure.

/** Counts by host. Hosts without files take no memory. */
export class HostCounts {
  readonly #counts = new Map<string, number>()

  of(host: string): number {
    return this.#counts.get(host) ?? 0
  }

  add(host: string): void {
    this.#counts.set(host, this.of(host) + 1)
  }

  remove(host: string): void {
    const count = this.of(host) - 1
    if (count > 0) this.#counts.set(host, count)
    else this.#counts.delete(host)
  }
}
