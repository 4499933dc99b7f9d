import { readFileSync } from 'node:fs'

const ROW = /^Max open files +(\d+) /m

/** How many descriptors this process may have (`ulimit -n`). Infinity if there is no limit, or it is not known. */
export function descriptorLimit(): number {
  try {
    const [, limit] = ROW.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
