// Which of several servers a connection asks next, and when another one takes over what a slow one fetches. Pure.

/** How a server does at the moment. */
export interface ServerPace {
  /** Bytes per second of one connection, as far as known; null before its first bytes. */
  readonly rate: number | null
  /** Its connections at work. */
  readonly active: number
  /** How many it may have. */
  readonly limit: number
  /** Has it left connections without an answer, or was it far slower than the others? Then it is asked last. */
  readonly isSlow: boolean
}

/** A server with less than this share of the rate of the fastest one has one connection. */
const SECOND_SHARE = 0.25

/**
 * The place of the server to ask, or -1 if none may be asked. Each is tried with one connection. Then the fastest one is
 * asked. Only those that are about as fast have more than one, and the first one while nothing is known.
 */
export function chooseServer(servers: readonly ServerPace[]): number {
  let best = -1
  let bestRank = Number.NEGATIVE_INFINITY
  const isAnyQuick = servers.some(({ isSlow }) => !isSlow)
  const fastest = Math.max(...servers.map(({ rate }) => rate ?? 0))
  for (const [index, { rate, active, limit, isSlow }] of servers.entries()) {
    if (active >= limit || (isSlow && isAnyQuick)) continue
    const isUntried = rate === null && active === 0
    const isFastEnough = rate === null ? index === 0 && fastest === 0 : rate >= fastest * SECOND_SHARE
    if (active > 0 && !isFastEnough) continue
    const rank = isUntried ? Number.POSITIVE_INFINITY : (rate ?? fastest)
    if (rank <= bestRank) continue
    best = index
    bestRank = rank
  }
  return best
}

/** How long a connection of one server may be without an answer while others could fetch its bytes. In ms. */
const PATIENCE_MS = 1000
/** What is there sooner than this is not taken over. In ms. */
const SOON_MS = 500

/** What one connection is fetching. Times in ms, rates in bytes per second. */
export interface Fetched {
  /** Since its request. */
  readonly ageMs: number
  /** Bytes that are missing; null before the head of an answer. */
  readonly missing: number | null
  readonly rate: number
}

/** Would another server, at `otherRate`, bring the missing bytes much sooner? */
export function isWorthTakingOver({ ageMs, missing, rate }: Fetched, otherRate: number): boolean {
  if (missing === null) return ageMs >= PATIENCE_MS
  const leftMs = (1000 * missing) / rate
  return ageMs >= PATIENCE_MS && leftMs > SOON_MS && leftMs > (2000 * missing) / otherRate
}
