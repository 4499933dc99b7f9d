// Finds the name that was probably meant by a name that does not exist. Pure.

/** A shorter name fits too many others. */
const LEAST_PREFIX = 3

/**
 * The one of `names` that `name` was probably meant to be, or null. Case and hyphens do not count. A name is near if few
 * letters are wrong, missing, added or swapped, or if `name` is the beginning of no other.
 */
export function nearestName(name: string, names: readonly string[]): string | null {
  const typed = plain(name)
  const most = Math.min(3, Math.floor(typed.length / 3))
  let nearest: string | null = null
  let least = most + 1
  for (const each of names) {
    const distance = editsBetween(typed, plain(each))
    if (distance >= least) continue
    least = distance
    nearest = each
  }
  return nearest ?? onlyOneThatBeginsWith(typed, names)
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '')
}

function onlyOneThatBeginsWith(typed: string, names: readonly string[]): string | null {
  if (typed.length < LEAST_PREFIX) return null
  const [first, ...others] = names.filter((each) => plain(each).startsWith(typed))
  return first !== undefined && others.length === 0 ? first : null
}

/** How many letters must be changed, added, removed or swapped with the next one (the optimal string alignment). */
function editsBetween(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = [...to.split(''), ''].map((_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1]
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(current, column - 1) + 1,
        at(last, column) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

/** The distance in a column that the row has. */
function at(row: readonly number[], column: number): number {
  return row[column] as number
}
