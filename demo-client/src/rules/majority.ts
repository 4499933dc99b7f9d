// Which servers are outvoted about some bytes of a file. Pure.

/** What one server says: the digest of its bytes. */
export interface Vote<Voter> {
  readonly voter: Voter
  readonly digest: string
}

/**
 * Those whose bytes differ from the bytes that most servers have. Nobody if all agree. `'tie'`: they do not agree, and no two
 * of them outnumber the others.
 */
export function outvoted<Voter>(votes: readonly Vote<Voter>[]): readonly Voter[] | 'tie' {
  const counts = new Map<string, number>()
  for (const { digest } of votes) counts.set(digest, (counts.get(digest) ?? 0) + 1)
  if (counts.size < 2) return []
  const [[digest = '', most = 0] = [], [, second = 0] = []] = [...counts].sort(([, a], [, b]) => b - a)
  return most > second ? votes.filter((vote) => vote.digest !== digest).map(({ voter }) => voter) : 'tie'
}

/** `count` intervals of at most `bytes`, spread over a file of `total` bytes. Each `turn` has other ones. */
export function samplesOf(
  total: number,
  { count, bytes, turn }: { count: number; bytes: number; turn: number },
): { start: number; end: number }[] {
  const step = total / count
  return Array.from({ length: count }, (_, index) => {
    // The golden ratio spreads the turns evenly over a step.
    const start = Math.floor(Math.min(total - 1, step * (index + (((turn + 1) * 0.618_034) % 1))))
    return { start, end: Math.min(total, start + bytes) }
  })
}
