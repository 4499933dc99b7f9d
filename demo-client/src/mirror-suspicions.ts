// Which servers may have sent wrong bytes of a file, and which of them have, as the right file shows in the end.
import type { FetchContext } from './fetch-versions.ts'
import type { Interval } from './state/blocks.ts'
import type { Server } from './transfer/server.ts'

/** Bytes of a suspected server, and their digests before they were fetched again. */
interface Suspicion {
  readonly server: Server
  readonly bytes: readonly (Interval & { readonly digest: string })[]
}

/** The suspicions of one download. */
export class Suspicions {
  readonly #context: Pick<FetchContext, 'servers' | 'store'>
  readonly #all: Suspicion[] = []
  #hasEarlierRun = false

  constructor(context: Pick<FetchContext, 'servers' | 'store'>) {
    this.#context = context
  }

  /** Was it never suspected? Null: an earlier run. */
  isNew(server: Server | null): boolean {
    return server === null ? !this.#hasEarlierRun : !this.#all.some((each) => each.server === server)
  }

  /** Call it while the bytes that `server` has sent of `damaged` are in the store. */
  async remember(server: Server | null, damaged: readonly Interval[]): Promise<void> {
    if (server === null) {
      this.#hasEarlierRun = true
      return
    }
    const bytes: (Interval & { digest: string })[] = []
    for (const { start, end } of this.#context.servers.sentBy(server, damaged))
      bytes.push({ start, end, digest: await this.#digestOf({ start, end }) })
    this.#all.push({ server, bytes })
  }

  /** Suspected servers take part again if others have sent the same bytes. Returns these. `total`: the size of the file. */
  async acquit(total: number): Promise<readonly Interval[]> {
    const acquitted: Interval[] = []
    for (const { server, bytes } of this.#all)
      if (server.role === 'suspected' && !isOfOtherSize(server, total) && (await this.#areStored(bytes))) {
        server.become('joined')
        acquitted.push(...bytes)
      }
    return acquitted
  }

  /**
   * The file in the store, of `total` bytes, is right: those whose bytes were others, and these bytes. One that was suspected
   * without a reason takes part again.
   */
  async liars(total: number): Promise<ReadonlyMap<Server, readonly Interval[]>> {
    const liars = new Map<Server, readonly Interval[]>()
    for (const { server, bytes } of this.#all)
      if (isOfOtherSize(server, total) || !(await this.#areStored(bytes)))
        liars.set(server, [...(liars.get(server) ?? []), ...bytes])
    for (const { server } of this.#all)
      if (server.role === 'suspected' && !liars.has(server)) server.become('joined')
    return liars
  }

  async #areStored(bytes: Suspicion['bytes']): Promise<boolean> {
    for (const each of bytes) if ((await this.#digestOf(each)) !== each.digest) return false
    return true
  }

  async #digestOf(interval: Interval): Promise<string> {
    return (await this.#context.store.digests(['sha-256'], interval)).get('sha-256') ?? ''
  }
}

function isOfOtherSize({ validators }: Server, total: number): boolean {
  return validators?.total != null && validators.total !== total
}
