/** Of several tasks that were begun, which is the last? Only its result is still wanted. */
export function latest() {
  let last = 0
  /** Begins a task. Returns a function: is it still the last? */
  return () => {
    const turn = ++last
    return () => turn === last
  }
}
