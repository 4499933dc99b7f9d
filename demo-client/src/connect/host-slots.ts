// How many requests each host has at once, when several downloads share their connections.

/** A download that uses slots. Only its identity counts. */
export type SlotUser = object

/** Gives a slot back. Further calls do nothing. */
export type ReleaseSlot = () => void

interface Waiter {
  readonly user: SlotUser
  readonly grant: () => void
}

/** After this many answers that are no refusals, a host that has refused gets one more slot. */
const ANSWERS_PER_SLOT = 8

class Host {
  readonly #most: number
  /** Fewer than that after a refusal. */
  #limit: number
  #answers = 0
  #busy = 0
  readonly #byUser = new Map<SlotUser, number>()
  readonly #waiters = new Set<Waiter>()
  /** When the host may be asked again, on the monotonic clock, in ms. */
  #notBefore = 0
  #timer: NodeJS.Timeout | undefined

  constructor(most: number) {
    this.#most = most
    this.#limit = most
  }

  /** Is nothing lost if it is forgotten? */
  get isUnused(): boolean {
    const isLikeNew = this.#limit === this.#most && this.#notBefore <= performance.now()
    return this.#busy === 0 && this.#waiters.size === 0 && isLikeNew
  }

  async take(user: SlotUser, signal: AbortSignal): Promise<ReleaseSlot> {
    await new Promise<void>((resolve, reject) => {
      const waiter = { user, grant: resolve }
      this.#waiters.add(waiter)
      const leave = (): void => {
        if (this.#waiters.delete(waiter)) reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiter.grant = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      this.#dispatch()
    })
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#count(user, -1)
      this.#dispatch()
    }
  }

  isQueued(user: SlotUser): boolean {
    return !this.#byUser.has(user) && [...this.#waiters].some((waiter) => waiter.user === user)
  }

  refused(waitMs: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, this.#busy - 1))
    this.#answers = 0
    this.#notBefore = Math.max(this.#notBefore, performance.now() + waitMs)
  }

  answered(): void {
    if (this.#limit === this.#most || ++this.#answers < ANSWERS_PER_SLOT) return
    this.#answers = 0
    this.#limit++
    this.#dispatch()
  }

  close(): void {
    clearTimeout(this.#timer)
  }

  #count(user: SlotUser, change: 1 | -1): void {
    this.#busy += change
    const count = (this.#byUser.get(user) ?? 0) + change
    if (count === 0) this.#byUser.delete(user)
    else this.#byUser.set(user, count)
  }

  #dispatch(): void {
    while (this.#waiters.size > 0 && this.#busy < this.#limit) {
      const waitMs = this.#notBefore - performance.now()
      if (waitMs > 0) {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(() => this.#dispatch(), waitMs)
        return
      }
      const next = this.#next()
      if (next === null) return
      this.#waiters.delete(next)
      this.#count(next.user, 1)
      next.grant()
    }
  }

  /** The user with the fewest slots, so that a file that has just begun does not wait for those that have several connections. */
  #next(): Waiter | null {
    let best: Waiter | null = null
    let fewest = Number.POSITIVE_INFINITY
    for (const waiter of this.#waiters) {
      const count = this.#byUser.get(waiter.user) ?? 0
      if (count >= fewest) continue
      best = waiter
      fewest = count
    }
    return best
  }
}

/**
 * Bounds the requests to each host. A host that refuses, or asks to wait, slows down only requests to itself. Close it.
 */
export class HostSlots {
  readonly #most: number
  readonly #hosts = new Map<string, Host>()

  /** @param most requests to one host at once */
  constructor(most: number) {
    this.#most = most
  }

  /** Waits for a slot. @throws the reason of `signal` if that is aborted first */
  async take(url: URL, user: SlotUser, signal: AbortSignal): Promise<ReleaseSlot> {
    signal.throwIfAborted()
    const host = this.#hosts.get(url.host) ?? new Host(this.#most)
    this.#hosts.set(url.host, host)
    const forget = (): void => {
      if (host.isUnused && this.#hosts.get(url.host) === host) this.#hosts.delete(url.host)
    }
    try {
      const release = await host.take(user, signal)
      return () => {
        release()
        forget()
      }
    } catch (error) {
      forget()
      throw error
    }
  }

  /** Do all requests of `user` wait for a slot? */
  isQueued(user: SlotUser): boolean {
    return [...this.#hosts.values()].some((host) => host.isQueued(user))
  }

  /** The host refused a request because there were too many. No other one is sent for `waitMs`. Call before the release. */
  refused(url: URL, waitMs: number): void {
    this.#hosts.get(url.host)?.refused(waitMs)
  }

  /** The host answered, and did not refuse. */
  answered(url: URL): void {
    this.#hosts.get(url.host)?.answered()
  }

  close(): void {
    for (const host of this.#hosts.values()) host.close()
  }
}
