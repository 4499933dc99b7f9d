// What measures time by `performance` finds everything a thousand times as fast. Timers are as ever.
const now = performance.now.bind(performance)

/** Returns what makes the clock right again. */
export function slowClock(): () => void {
  performance.now = () => now() / 1000
  return () => {
    performance.now = now
  }
}
