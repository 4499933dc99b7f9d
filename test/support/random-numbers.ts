/** Gives whole numbers from 0 (inclusive) to `below` (exclusive). */
export type RandomBelow = (below: number) => number

/** Random numbers that are the same for the same seed, which is not 0: multiplicative congruential, modulus 2^31 - 1. */
export function randomBelow(seed: number): RandomBelow {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return Math.floor((state / 2_147_483_647) * below)
  }
}
