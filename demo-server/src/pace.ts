import { pipeline, type Readable, Transform } from 'node:stream'

/** Lets a body through at this many bytes a second, so that one can watch it; what ends one end ends the other. */
export function pace(body: Readable, bytesPerSecond: number): Readable {
  let due = performance.now()
  const slow = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const now = performance.now()
      due = Math.max(due, now) + (chunk.length / bytesPerSecond) * 1000
      setTimeout(done, due - now, null, chunk)
    },
  })
  // Whoever reads `slow` hears of errors there.
  pipeline(body, slow, () => {})
  return slow
}
