/** Tells the last of several tasks from those before: only its result is still wanted. */
export function latest() {
  let last = 0
  /** Begins a task. Returns a function: is it still the last? */
  return () => {
    const turn = ++last
    return () => turn === last
  }
}
