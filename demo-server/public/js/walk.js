import { ByteMap } from './byte-map.js'
import { parseContentRange } from './content-range.js'
import { byId } from './dom.js'
import { answerText, requestText } from './messages.js'
import { sleep } from './pause.js'
import { text } from './texts.js'

const PATH = '/2.txt'
/** What the button does in each state. */
const LABELS = {
  new: text('walk.start'),
  running: text('walk.pause'),
  paused: text('walk.continue'),
  done: text('walk.again'),
}

/** Downloads the text in small steps: one range request after another. It can be paused and continued. */
class Walk {
  #map = new ByteMap(byId('walk-map'))
  #received = new Uint8Array(0)
  #total = null
  #etag = null
  /** Set while the walk is running. */
  #running = null

  get state() {
    if (this.#running) return 'running'
    if (this.#total === null) return 'new'
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
    this.#forget()
    byId('walk-request').textContent = byId('walk-answer').textContent = '–'
    this.#say(text('walk.ready'))
  }

  async run() {
    const running = new AbortController()
    this.#running = running
    this.#say(text('walk.asking'))
    try {
      while (this.#received.length !== this.#total) {
        await this.#step()
        if (this.#running !== running) return
        running.signal.throwIfAborted()
        await sleep(Number(byId('walk-pace').value), running.signal)
      }
      this.#running = null
      this.#say(text('walk.complete', { n: this.#total }))
    } catch (error) {
      if (this.#running !== running) return
      this.#running = null
      if (running.signal.aborted) this.#say(text('walk.paused', { position: this.#received.length }))
      else this.#say(text('walk.failed', { reason: error.message }))
    }
  }

  async #step() {
    const start = this.#received.length
    const size = Math.max(1, Math.trunc(Number(byId('walk-step').value)) || 1)
    const fields = {
      Range: `bytes=${start}-${start + size - 1}`,
      ...(this.#etag && { 'If-Range': this.#etag }),
    }
    byId('walk-request').textContent = requestText('GET', PATH, fields)
    const response = await fetch(PATH, { headers: fields, cache: 'no-store' })
    byId('walk-answer').textContent = answerText(response)
    const bytes = new Uint8Array(await response.arrayBuffer())
    this.#accept(response, bytes, start)
  }

  /** Appends a piece only if it begins where the text ends and is of the same version. */
  #accept(response, bytes, start) {
    const etag = response.headers.get('ETag')
    if (response.status === 200) {
      this.#forget()
      this.#begin(bytes.length, etag)
      return this.#append(bytes, text('walk.changed', { n: bytes.length }))
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
    // While streaming, the decoder waits for the last bytes of an incomplete character.
    byId('walk-text').textContent = new TextDecoder().decode(joined, { stream: joined.length < this.#total })
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
