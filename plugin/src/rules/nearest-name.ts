/** Fewer letters fit too many names. */
const LEAST_LETTERS = 3

/**
 * The one of `names` that `name` was probably meant to be: a third of the letters or less are wrong, missing or added
 * (`endpint`), or no other name begins with so much of it (`creds`). Undefined if none is near. Case does not count.
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const typed = name.toLowerCase()
  const most = Math.floor(typed.length / 3)
  const [nearest] = names
    .map((each) => ({ each, edits: editsBetween(typed, each.toLowerCase()) }))
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits)
  return nearest?.each ?? onlyOneThatBegins(typed, names)
}

/** All but the last letter must be the beginning of a name, and of this one only. */
function onlyOneThatBegins(typed: string, names: readonly string[]): string | undefined {
  const beginning = typed.slice(0, Math.max(LEAST_LETTERS, typed.length - 1))
  if (beginning.length < LEAST_LETTERS) return undefined
  const found = names.filter((each) => each.toLowerCase().startsWith(beginning))
  return found.length === 1 ? found[0] : undefined
}

/** How many letters must be changed, added or removed (Levenshtein). */
function editsBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const letter of from) {
    // The cells of a row from the left: above it, left of it, and between these two.
    let left = (above[0] as number) + 1
    const row = [left]
    for (let column = 0; column < to.length; column++) {
      const changed = (above[column] as number) + (letter === to[column] ? 0 : 1)
      left = Math.min(changed, left + 1, (above[column + 1] as number) + 1)
      row.push(left)
    }
    above = row
  }
  return above[to.length] as number
}
