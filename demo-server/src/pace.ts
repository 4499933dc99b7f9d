import { pipeline, type Readable, Transform } from 'node:stream'

/** Passes a body on at this many bytes per second, so that people can watch it. If one end fails, so does the other. */
export function pace(body: Readable, bytesPerSecond: number): Readable {
  let due = performance.now()
  const slow = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const now = performance.now()
      due = Math.max(due, now) + (chunk.length / bytesPerSecond) * 1000
      setTimeout(done, due - now, null, chunk)
    },
  })
  // The reader of `slow` gets the error.
  pipeline(body, slow, () => {})
  return slow
}
