/**
 * The value of Vary that has a name besides what it has already, RFC 9110 §12.5.5. `*` includes every name.
 *
 * @param given the value that is set, by the application or the plugin; undefined if no value is set
 */
export function withVary(given: unknown, name: string): string {
  const lines: readonly unknown[] = given === undefined ? [] : [given].flat()
  const names = lines
    .flatMap((line) => String(line).split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const isThere = names.some((each) => each === '*' || each.toLowerCase() === name.toLowerCase())
  return (isThere ? names : [...names, name]).join(', ')
}
