import { accept, Refusal } from './answer.js'
import { isConnectionLost } from './messages.js'
import { waitToRetry } from './pause.js'
import * as rules from './range-get-rules.js'

/** In ms. A server that asks for a longer wait is not asked again. */
const WAITS = { delay: 500, maxDelay: 8000 }
/** Verdicts after which another request may get another answer. */
const PASSING = new Set(['no-range', 'refused', 'temporary'])

/**
 * Downloads a file into a store, and resumes after every interruption. Range-get's rules judge each answer, so that pieces
 * are joined only if they are of the same version.
 *
 * @param {{ url: () => string, store: object, journal: object, signal: AbortSignal,
 *   report: (event: object) => void }} task `url()` is called before each request; `report` gets `{ kind, … }` for asked, first, resumed, repeated, restarted, lost, progress
 * @returns {Promise<{ etag: string | null, total: number }>} the version that is now complete
 * @throws the signal's reason when aborted; Refusal of an answer; Error when the store fails
 */
export async function download(task) {
  const state = { ...task, areRangesUseful: true }
  for (let failures = 0; ; ) {
    const before = await task.store.size()
    try {
      const version = await attempt(state, before)
      if (version) return version
      failures = 0
    } catch (error) {
      await task.store.commit()
      task.signal.throwIfAborted()
      const { kind, isProven = false, wait = null } = error.verdict ?? {}
      if (isProven || kind === 'no-range') state.areRangesUseful = false
      const isPassing = isConnectionLost(error) || PASSING.has(kind) || isProven
      if (!isPassing || wait > WAITS.maxDelay) throw error
      const received = await task.store.size()
      failures = received > before ? 1 : failures + 1
      const delay = Math.max(Math.round(rules.backoff(failures, WAITS) / 100) * 100, wait)
      task.report({ kind: 'lost', received, wait: delay, reason: error.verdict ? error.message : null })
      await waitToRetry(delay, task.signal)
    }
  }
}

/** One request. Returns the version when the file is complete, or null to ask for the remainder. */
async function attempt(state, received) {
  const { store, journal, signal, report } = state
  const known = journal.read()
  if (known && received === known.total) return known
  const condition = known && received > 0 && received < known.total ? rules.rangeValidator(known) : null
  const range = condition && state.areRangesUseful ? { start: received, end: null } : null
  const headers = range ? { Range: `bytes=${received}-`, 'If-Range': condition } : {}
  const url = state.url()
  report({ kind: 'asked', headers })
  // The HTTP cache would add conditions and answer from its own pieces.
  const response = await fetch(url, { headers, signal, cache: 'no-store' })
  const body = response.body?.getReader()
  try {
    const answer = accept(response, { range, validators: condition && known })
    const first = answer.start === 0 ? await readStart(body, [url, response]) : new Uint8Array()
    if (answer.isNew) {
      await store.reset()
      journal.write(answer.validators)
    }
    const kept = answer.isNew ? 0 : received
    report({ kind: eventOf(answer), received, kept, etag: answer.validators.etag })
    await receive(body, { ...answer, first, kept }, state)
  } finally {
    body?.cancel().catch(() => {})
  }
  await store.commit()
  const version = journal.read()
  return (await store.size()) === version.total ? version : null
}

function eventOf({ kind, isOther, isNew }) {
  if (kind === 'part') return 'resumed'
  return isOther ? 'restarted' : isNew ? 'first' : 'repeated'
}

/** Reads the first bytes of the file, until they decide whether something else was sent in its place. */
async function readStart(body, [url, response]) {
  const contentType = response.headers.get('Content-Type') ?? ''
  const urls = [url, response.url].map((each) => each.slice(each.lastIndexOf('/') + 1))
  const suspects = rules.suspectsFor({ urls, disposition: null, output: null })
  let bytes = new Uint8Array()
  for (;;) {
    const { done, value } = await body.read()
    if (done) return bytes
    bytes = new Uint8Array(await new Blob([bytes, value]).arrayBuffer())
    const found = rules.standInOf({ bytes, contentType, suspects })
    if (found === 'none') return bytes
    if (found !== 'more') throw new Refusal({ kind: 'stand-in' })
  }
}

/** Stores a body. The bytes before `kept` are in the store already. */
async function receive(body, { start, end, first, kept }, { store, journal, signal, report }) {
  let at = start
  for (let bytes = first; bytes; { value: bytes } = await body.read()) {
    const next = at + bytes.length
    if (next > end) {
      await store.reset()
      journal.clear()
      throw new Refusal({ kind: 'too-long' })
    }
    if (next > kept) await store.write(Math.max(at, kept), bytes.subarray(Math.max(0, kept - at)))
    at = next
    report({ kind: 'progress', received: Math.max(at, kept) })
    signal.throwIfAborted()
  }
  if (at < end) throw new TypeError('the body ended too early') // some browsers do not fail then
}
