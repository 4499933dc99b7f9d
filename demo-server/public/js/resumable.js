import { parseContentRange } from './content-range.js'
import { waitToRetry } from './pause.js'

const FIRST_WAIT = 500
const LONGEST_WAIT = 8000

/** An answer that a retry would not change. */
class Refused extends Error {}

/**
 * Downloads a file into a store, and resumes after every interruption. Pieces are joined only under one strong ETag.
 *
 * @param {{ url: () => string, store: object, journal: object, signal: AbortSignal,
 *   report: (event: object) => void }} task `url()` is called before each request; `report` gets `{ kind, … }` for asked, first, resumed, restarted, lost, progress
 * @returns {Promise<{ etag: string, total: number }>} the version that is now complete
 * @throws the signal's reason when aborted; Error when the server refuses or the store fails
 */
export async function download(task) {
  let wait = FIRST_WAIT
  for (;;) {
    const before = await task.store.size()
    try {
      const version = await attempt(task, before)
      if (version) return version
    } catch (error) {
      await task.store.commit()
      task.signal.throwIfAborted()
      if (!(error instanceof TypeError)) throw error // fetch and its body fail with a TypeError, and the store never does
    }
    const received = await task.store.size()
    if (received > before) wait = FIRST_WAIT
    task.report({ kind: 'lost', received, wait })
    await waitToRetry(wait, task.signal)
    wait = Math.min(wait * 2, LONGEST_WAIT)
  }
}

/** One request. Returns the version when the file is complete, or null to ask again. */
async function attempt({ url, store, journal, signal, report }, received) {
  const known = journal.read()
  if (known && received === known.total) return known
  const canResume = received > 0 && isStrong(known?.etag)
  const headers = canResume ? { Range: `bytes=${received}-`, 'If-Range': known.etag } : {}
  report({ kind: 'asked', headers })
  // The HTTP cache would add conditions and answer from its own pieces.
  const response = await fetch(url(), { headers, signal, cache: 'no-store' })
  const start = await accept(response, { known, received, store, journal, report })
  if (start === null) return null
  await receive(response, { start, store, signal, report })
  await store.commit()
  const version = journal.read()
  return (await store.size()) === version.total ? version : null
}

/** RFC 9110 §13.1.5: a weak entity-tag in If-Range never matches. Without a strong one the download starts over. */
function isStrong(etag) {
  return etag?.startsWith('"') ?? false
}

/** Checks an answer. Returns the position at which its body begins, or null to ask again. */
async function accept(response, { known, received, store, journal, report }) {
  const etag = response.headers.get('ETag')
  if (response.status === 206) {
    const range = parseContentRange(response.headers.get('Content-Range'))
    if (etag !== known?.etag || range?.start !== received || range.total !== known.total) {
      await response.body.cancel()
      throw new Refused('The answer does not match the bytes that are already here.')
    }
    report({ kind: 'resumed', received, total: known.total, etag })
    return received
  }
  if (response.status === 200) {
    const total = Number(response.headers.get('Content-Length'))
    await store.reset()
    journal.write({ etag, total })
    report({ kind: received > 0 ? 'restarted' : 'first', dropped: received, total, etag })
    return 0
  }
  await response.body?.cancel()
  if (response.status < 500 && response.status !== 416)
    throw new Refused(`The server answered ${response.status}.`)
  if (response.status === 416) {
    await store.reset()
    journal.clear()
  }
  return null
}

async function receive(response, { start, store, signal, report }) {
  const reader = response.body.getReader()
  let at = start
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      const { length } = value
      await store.write(at, value)
      at += length
      report({ kind: 'progress', received: at })
      signal.throwIfAborted()
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
