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
  const groups = new Map<string, readonly Voter[]>()
  for (const { voter, digest } of votes) groups.set(digest, [...(groups.get(digest) ?? []), voter])
  const [most, second, ...others] = [...groups.values()].sort((a, b) => b.length - a.length)
  if (most === undefined || second === undefined) return []
  return most.length > second.length ? [second, ...others].flat() : 'tie'
}

/**
 * `count` intervals of at most `bytes`, spread over a file of `total` bytes. `shift` is from 0 up to, not including, 1: each
 * has other ones.
 */
export function samplesOf(
  total: number,
  { count, bytes, shift }: { count: number; bytes: number; shift: number },
): { start: number; end: number }[] {
  return Array.from({ length: count }, (_, index) => {
    const start = Math.floor((total / count) * (index + shift))
    return { start, end: Math.min(total, start + bytes) }
  })
}
