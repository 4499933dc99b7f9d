import { ByteMap } from './byte-map.js'
import { showCharacters } from './characters.js'
import { parseContentRange } from './content-range.js'
import { byId } from './dom.js'
import { answerText, isConnectionLost, lostText, requestText } from './messages.js'
import { sleep, waitToRetry } from './pause.js'
import { text } from './texts.js'
import { asking } from './visit.js'

const URL_PATH = asking('/2.txt', 'walk')
/** In ms. How long the walk waits after a lost connection. */
const RETRY = 2000
/** What the button does in each state. */
const LABELS = {
  new: text('walk.start'),
  running: text('walk.pause'),
  paused: text('walk.continue'),
  done: text('walk.again'),
}

/** What was typed is not a possible step. */
class StepError extends Error {}

/** Downloads the text in small steps: one range request after another. It can be paused and continued. */
class Walk {
  #map = new ByteMap(byId('walk-map'))
  #received = new Uint8Array(0)
  #total = null
  #etag = null
  #size = byId('walk-step')
  /** Set while the walk is running. */
  #running = null
  /** Whether the walk has stopped since its beginning, also before the first piece. */
  #hasStopped = false

  get state() {
    if (this.#running) return 'running'
    if (this.#total === null) return this.#hasStopped ? 'paused' : 'new'
    return this.#received.length === this.#total ? 'done' : 'paused'
  }

  toggle() {
    if (this.state === 'running') this.pause()
    else if (this.state === 'done') this.restart()
    else void this.run()
  }

  pause() {
    this.#running?.abort()
  }

  restart() {
    this.reset()
    void this.run()
  }

  /** Goes back to the beginning. */
  reset() {
    this.pause()
    this.#running = null
    this.#hasStopped = false
    this.#forget()
    byId('walk-request').textContent = byId('walk-answer').textContent = '–'
    this.#say(text('walk.ready'))
  }

  async run() {
    const running = new AbortController()
    this.#running = running
    this.#say(this.#total === null ? text('walk.asking') : text('walk.asking-next'))
    try {
      while (this.#received.length !== this.#total) {
        const pause = await this.#step(running)
        if (this.#running !== running) return
        running.signal.throwIfAborted()
        await pause(running.signal)
      }
      this.#running = null
      this.#say(text('walk.complete', { n: this.#total }))
    } catch (error) {
      if (this.#running !== running) return
      this.#running = null
      this.#hasStopped = true
      this.#say(this.#stopText(running.signal.aborted ? null : error))
    }
  }

  /** One request. Returns how to wait for the next one; nothing if the walk has been started over meanwhile. */
  async #step(running) {
    const start = this.#received.length
    const size = this.#stepSize()
    const fields = {
      Range: `bytes=${start}-${start + size - 1}`,
      ...(this.#etag && { 'If-Range': this.#etag }),
    }
    byId('walk-request').textContent = requestText('GET', URL_PATH, fields)
    const answer = await this.#ask(fields)
    // Started over meanwhile: this answer belongs to the walk before.
    if (this.#running !== running) return
    if (answer === null) {
      this.#say(lostText(text('walk.position', { position: start }), RETRY))
      return (signal) => waitToRetry(RETRY, signal)
    }
    this.#accept(answer, start)
    return (signal) => sleep(Number(byId('walk-pace').value), signal)
  }

  /** The answer and its bytes, or null if the connection was lost. */
  async #ask(headers) {
    try {
      const response = await fetch(URL_PATH, { headers, cache: 'no-store' })
      return { response, bytes: new Uint8Array(await response.arrayBuffer()) }
    } catch (error) {
      if (!isConnectionLost(error)) throw error
      return null
    }
  }

  /** @param {Error | null} error null if the visitor has paused the walk */
  #stopText(error) {
    const position = this.#received.length
    if (error === null) return text('walk.paused', { position })
    if (!(error instanceof StepError)) return text('walk.failed', { reason: error.message })
    return this.#total === null ? error.message : text('walk.paused-for', { position, reason: error.message })
  }

  /** The bytes of a step. Throws if what was typed is not a possible step. */
  #stepSize() {
    const { min, max, validity, valueAsNumber } = this.#size
    if (validity.valid) return valueAsNumber
    this.#size.focus()
    throw new StepError(text('walk.no-step', { min: Number(min), max: Number(max) }))
  }

  /** Appends a piece only if it begins where the text ends and is of the same version. */
  #accept({ response, bytes }, start) {
    byId('walk-answer').textContent = answerText(response)
    const etag = response.headers.get('ETag')
    if (response.status === 200) {
      const hasChanged = this.#etag !== null
      this.#forget()
      this.#begin(bytes.length, etag)
      const n = bytes.length
      return this.#append(bytes, hasChanged ? text('walk.changed', { n }) : text('walk.whole', { n }))
    }
    const range = parseContentRange(response.headers.get('Content-Range'))
    if (response.status !== 206 || !range) {
      throw new Error(text('walk.refused', { status: response.status }))
    }
    if (this.#total === null) this.#begin(range.total, etag)
    if (range.start !== start || range.total !== this.#total || etag !== this.#etag) {
      throw new Error(text('walk.mismatch'))
    }
    this.#append(bytes, text('walk.progress', { received: range.end + 1, n: range.total }))
  }

  #begin(total, etag) {
    this.#total = total
    this.#etag = etag
    this.#map.reset(total)
  }

  #append(bytes, message) {
    this.#map.fill(this.#received.length, bytes)
    const joined = new Uint8Array(this.#received.length + bytes.length)
    joined.set(this.#received)
    joined.set(bytes, this.#received.length)
    this.#received = joined
    byId('walk-text').replaceChildren(...showCharacters(joined))
    this.#say(message)
  }

  #forget() {
    this.#received = new Uint8Array(0)
    this.#total = this.#etag = null
    this.#map.reset(0)
    byId('walk-text').textContent = '–'
  }

  #say(message) {
    byId('walk-status').textContent = message
    byId('walk-toggle').textContent = LABELS[this.state]
  }
}

/** Whether a key press is meant for the control that has the focus. */
function belongsToControl({ target, key }) {
  if (target.matches?.('input, select, textarea')) return true
  return (key === 'Enter' || key === ' ') && Boolean(target.closest?.('button, a, video, summary'))
}

/** Starts the walk: its buttons, `p` to pause and any other key to continue. */
export function startWalk() {
  const walk = new Walk()
  byId('walk-toggle').addEventListener('click', () => walk.toggle())
  byId('walk-reset').addEventListener('click', () => walk.reset())
  document.addEventListener('keydown', (event) => {
    const isTyped = event.key.length === 1 || event.key === 'Enter'
    if (!isTyped || event.ctrlKey || event.metaKey || event.altKey || belongsToControl(event)) return
    if (walk.state === 'running' && event.key.toLowerCase() === 'p') walk.pause()
    else if (walk.state === 'paused' && event.key.toLowerCase() !== 'p') {
      event.preventDefault()
      void walk.run()
    }
  })
}
