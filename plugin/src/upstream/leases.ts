import { type Link, LinkedList } from '../linked-list.ts'
import type { Signal } from '../sources/signal.ts'
import { QueueTimeout } from './upstream-errors.ts'

/** The use of one connection to the store. */
export interface Lease {
  /** Gives the connection back. More calls have no effect. */
  release(): void
  /** Nobody asks for bytes now. `park` is called if that goes on, or if others wait: it must end in a release. */
  idle(park: () => void): void
  /** Somebody asks for bytes again. */
  busy(): void
}

/** The bounds of {@link Leases}. */
export interface LeaseBounds {
  /** Connections in use at a time. */
  readonly maxConnections: number
  /** Ms that one waits for a connection. */
  readonly queueTimeout: number
  /** Ms after which an idle connection is taken back. */
  readonly parkAfter: number
}

/** While others wait, a connection that nobody has read from for this long is taken back, in ms. */
const SCARCE_IDLE_MS = 100
/** How often idle connections are looked at, in ms. */
const SWEEP_MS = 50

interface Idle {
  /** By `performance.now()`. */
  readonly since: number
  readonly park: () => void
}

/**
 * Bounds how many connections to a store are in use. A client that reads slowly, or not at all, would keep its connection
 * for ever, and some dozens of them would stop all others. So connections that nobody reads from are taken back: each
 * after `parkAfter`, and while others wait, the one that has been idle for longest.
 */
export class Leases {
  readonly #bounds: LeaseBounds
  #inUse = 0
  /** In the order in which they came. Each starts when it is called. */
  readonly #waiting = new LinkedList<() => void>()
  /** The one that has been idle for longest is first. */
  readonly #idle = new LinkedList<Idle>()
  #sweep: NodeJS.Timeout | undefined

  constructor(bounds: LeaseBounds) {
    this.#bounds = bounds
  }

  /** Takes a connection if one is free now; undefined if none is free, or others wait for one. */
  takeFree(): Lease | undefined {
    if (this.#inUse >= this.#bounds.maxConnections || this.#waiting.size > 0) return undefined
    this.#inUse++
    return this.#lease()
  }

  /**
   * Waits for a connection. Call this if none is free.
   *
   * @throws QueueTimeout if none is free within `queueTimeout`
   */
  async wait(signal: Signal): Promise<Lease> {
    signal.throwIfAborted()
    await this.#turn(signal)
    const lease = this.#lease()
    // An answer may end in the moment in which it is told of its connection: a session of HTTP/2 ends all at once.
    if (signal.aborted) lease.release()
    signal.throwIfAborted()
    return lease
  }

  #turn(signal: Signal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        this.#waiting.remove(place)
      }
      const start = (): void => {
        leave()
        this.#inUse++
        resolve()
      }
      const giveUp = (): void => {
        leave()
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        leave()
        reject(new QueueTimeout('all connections to the store are in use'))
      }, this.#bounds.queueTimeout)
      signal.addEventListener('abort', giveUp, { once: true })
      const place = this.#waiting.add(start)
      this.#parkIdle()
    })
  }

  #lease(): Lease {
    let isHeld = true
    let idle: Link<Idle> | undefined
    const busy = (): void => {
      if (idle !== undefined) this.#idle.remove(idle)
      idle = undefined
    }
    return {
      release: () => {
        busy()
        if (!isHeld) return
        isHeld = false
        this.#inUse--
        this.#waiting.first?.value()
      },
      idle: (park) => {
        busy()
        if (!isHeld) return
        idle = this.#idle.add({ since: performance.now(), park })
        this.#sweepLater()
      },
      busy,
    }
  }

  #sweepLater(): void {
    if (this.#sweep !== undefined) return
    this.#sweep = setTimeout(() => {
      this.#sweep = undefined
      this.#parkIdle()
    }, SWEEP_MS)
    this.#sweep.unref()
  }

  #parkIdle(): void {
    const now = performance.now()
    for (let longest = this.#idle.first; longest !== undefined; longest = this.#idle.first) {
      const limit =
        this.#waiting.size > 0 ? Math.min(SCARCE_IDLE_MS, this.#bounds.parkAfter) : this.#bounds.parkAfter
      if (now - longest.value.since < limit) break
      this.#idle.remove(longest)
      longest.value.park()
    }
    if (this.#idle.size > 0) this.#sweepLater()
  }
}
