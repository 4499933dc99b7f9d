/** Node's default, where UV_THREADPOOL_SIZE does not say otherwise. */
const DEFAULT_THREADS = 4
/** Threads that large reads leave to everything else: looking at paths, opening, small ranges. */
const RESERVED_THREADS = 2

const threads = Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS
const maxRunning = Math.max(1, threads - RESERVED_THREADS)
const waiting: (() => void)[] = []
let running = 0

/**
 * Runs large reads few at a time, first come, first served: each download has one read under way, so they share the
 * disk evenly, and however many there are, or however slow their storage is, small requests find a free thread.
 */
export async function throughBulkGate<T>(read: () => Promise<T>): Promise<T> {
  if (running >= maxRunning) await new Promise<void>((resolve) => waiting.push(resolve))
  else running++
  try {
    return await read()
  } finally {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
}

/** Whether a large read would have to wait. */
export function isBulkGateBusy(): boolean {
  return running >= maxRunning
}
