import { accept } from './answer.js'
import { ByteMap } from './byte-map.js'
import { showCharacters } from './characters.js'
import { byId } from './dom.js'
import { answerText, isConnectionLost, lostText, requestText } from './messages.js'
import { sleep, waitToRetry } from './pause.js'
import { rangeValidator } from './range-get-rules.js'
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
  /** The validators of the text, as range-get's rules have them. */
  #version = null
  #size = byId('walk-step')
  /** Set while the walk is running. */
  #running = null
  /** Whether the walk has stopped since its beginning, also before the first piece. */
  #hasStopped = false

  get state() {
    if (this.#running) return 'running'
    if (this.#version === null) return this.#hasStopped ? 'paused' : 'new'
    return this.#received.length === this.#version.total ? 'done' : 'paused'
  }

  toggle() {
    if (this.state === 'running') this.pause()
    else if (this.state === 'done') this.restart()
    else void this.run()
  }

  pause() {
    if (!this.#running) return
    this.#running.abort()
    this.#say(text('walk.pausing'))
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
    this.#say(this.#version === null ? text('walk.asking') : text('walk.asking-next'))
    try {
      while (this.#received.length !== this.#version?.total) {
        const pause = await this.#step(running)
        if (this.#running !== running) return
        running.signal.throwIfAborted()
        await pause(running.signal)
      }
      this.#running = null
      this.#say(text('walk.complete', { n: this.#version.total }))
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
    const end = start + this.#stepSize()
    const condition = this.#version && rangeValidator(this.#version)
    const fields = {
      Range: `bytes=${start}-${end - 1}`,
      ...(condition && { 'If-Range': condition }),
    }
    byId('walk-request').textContent = requestText('GET', URL_PATH, fields)
    const answer = await this.#ask(fields)
    // Started over meanwhile: this answer belongs to the walk before.
    if (this.#running !== running) return
    if (answer === null) {
      this.#say(lostText(text('walk.position', { position: start }), RETRY))
      return (signal) => waitToRetry(RETRY, signal)
    }
    this.#accept(answer, { start, end })
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
    return this.#version === null
      ? error.message
      : text('walk.paused-for', { position, reason: error.message })
  }

  /** The bytes of a step. Throws if what was typed is not a possible step. */
  #stepSize() {
    const { min, max, validity, valueAsNumber } = this.#size
    if (validity.valid) return valueAsNumber
    this.#size.focus()
    throw new StepError(text('walk.no-step', { min: Number(min), max: Number(max) }))
  }

  /** Appends the bytes of an answer that are not here yet, if range-get's rules accept it. */
  #accept({ response, bytes }, range) {
    byId('walk-answer').textContent = answerText(response)
    const answer = accept(response, { range, validators: this.#version })
    const { start, end, total: n } = answer
    if (bytes.length !== end - start) throw new Error(text('walk.length'))
    if (answer.isNew) {
      this.#forget()
      this.#version = answer.validators
      this.#map.reset(n)
    }
    const at = this.#received.length
    this.#map.fill(at, bytes.subarray(at - start))
    const joined = new Uint8Array(end)
    joined.set(this.#received)
    joined.set(bytes, start)
    this.#received = joined
    byId('walk-text').replaceChildren(...showCharacters(joined))
    if (answer.isOther) this.#say(text('walk.changed', { n }))
    else
      this.#say(
        answer.kind === 'whole' ? text('walk.whole', { n }) : text('walk.progress', { received: end, n }),
      )
  }

  #forget() {
    this.#received = new Uint8Array(0)
    this.#version = null
    this.#map.reset(0)
    byId('walk-text').textContent = '–'
  }

  #say(message) {
    byId('walk-status').textContent = message
    byId('walk-toggle').textContent = LABELS[this.state]
  }
}

/** Whether a key press is meant for the control that has the focus. No number and no choice of the page begins with p. */
function belongsToControl({ target, key }) {
  if (target.matches?.('input:not([type="number"])')) return true
  if (target.matches?.('input, select')) return key.toLowerCase() !== 'p'
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
    const isPause = event.key.toLowerCase() === 'p'
    if (walk.state !== (isPause ? 'running' : 'paused')) return
    event.preventDefault()
    if (isPause) walk.pause()
    else void walk.run()
  })
}
