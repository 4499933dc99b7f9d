import { drawBand } from './band.js'
import { sentenceFor } from './big-file-story.js'
import { addLine, byId, el } from './dom.js'
import { bytes, clock } from './format.js'
import { Journal } from './journal.js'
import { latest } from './latest.js'
import { stopReason } from './messages.js'
import { download } from './resumable.js'
import { Speed } from './speed.js'
import { storage } from './storage.js'
import { availableStores } from './stores.js'
import { text } from './texts.js'
import { asking } from './visit.js'

const URL_PATH = '/lab/big.bin'
const CHOICE = 'store of big.bin'
/** In ms. How often the speed is shown, also while nothing arrives. */
const SHOW_EVERY = 500

/** The panel of the big file: one download at a time, in the chosen store. */
class BigFile {
  #stores = availableStores()
  #story = byId('big-story')
  #running = null
  #received = 0
  /** The position at which the current answer began. The bytes before it are drawn as kept. */
  #resumedAt = 0
  #beginRestart = latest()

  get #Store() {
    return this.#stores.find(({ id }) => id === byId('big-store').value)
  }

  get #journal() {
    return new Journal(this.#Store.id)
  }

  get isRunning() {
    return this.#running !== null
  }

  /** Lists the available stores and shows what an earlier visit has stored. */
  async start() {
    const choice = byId('big-store')
    choice.replaceChildren(...this.#stores.map(({ id, label }) => el('option', { value: id }, label)))
    const last = storage.getItem(CHOICE)
    if (this.#stores.some(({ id }) => id === last)) choice.value = last
    choice.addEventListener('change', () => {
      storage.setItem(CHOICE, choice.value)
      void this.#press(() => this.#showKept())
    })
    byId('big-rate').addEventListener('change', linkAtPace)
    // After a reload, Firefox keeps what was chosen.
    linkAtPace()
    byId('big-toggle').addEventListener('click', () =>
      this.isRunning ? this.#running.abort() : void this.run(),
    )
    byId('big-reset').addEventListener('click', () => this.#press(() => this.#startOver()))
    byId('big-save').addEventListener('click', () => this.#press(() => this.#save()))
    byId('break-cut').addEventListener('click', () => this.#press(() => this.#cut()))
    byId('break-replace').addEventListener('click', () => this.#press(() => this.#replace()))
    await this.#press(() => this.#showKept())
  }

  async #showKept() {
    const isKnown = this.#journal.read() !== null
    this.#received = this.#resumedAt = isKnown ? await this.#Store.kept() : 0
    if (this.#received > 0) {
      addLine(this.#story, text('big.kept', { received: bytes(this.#received) }), 'notice')
    }
    this.#show(null)
  }

  /** @param {'continue' | 'again'} how whether stored bytes are kept */
  async run(how = 'continue') {
    const running = new AbortController()
    this.#running = running
    const speed = new Speed()
    const store = new this.#Store()
    const showing = setInterval(() => this.#show(speed.perSecond), SHOW_EVERY)
    this.#show(null)
    try {
      await store.open()
      if (how === 'again') await this.#discard(store)
      const version = await download({
        url: pacedUrl,
        store,
        journal: this.#journal,
        signal: running.signal,
        report: (event) => this.#hear(event, speed),
      })
      this.#received = version.total
      await this.#verify(store, version)
    } catch (error) {
      if (running.signal.aborted)
        addLine(this.#story, text('big.paused', { received: bytes(this.#received) }), 'notice')
      else addLine(this.#story, text('big.stopped', { reason: stopReason(error) }), 'bad')
    } finally {
      clearInterval(showing)
      await store.close().catch(() => {})
      this.#running = null
      this.#show(null)
    }
  }

  #hear(event, speed) {
    if (event.kind === 'progress') {
      speed.add(event.received - this.#received)
      this.#received = event.received
    } else {
      if ('kept' in event) this.#received = this.#resumedAt = event.kept
      const sentence = sentenceFor(event)
      if (sentence) addLine(this.#story, ...sentence)
    }
    this.#show(speed.perSecond)
  }

  /** Compares the SHA-256 of the stored bytes with the server’s. If they differ, checks whether the file has changed. */
  async #verify(store, { etag, total }) {
    if (!globalThis.crypto?.subtle) {
      addLine(this.#story, text('big.not-compared'), 'notice')
      return
    }
    addLine(this.#story, text('big.comparing', { n: total }))
    const content = await (await store.file()).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
    const here = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const { sha256: there } = await json(`${URL_PATH}/checksum`)
    const current = (await fetch(asking(URL_PATH, 'big'), { method: 'HEAD', cache: 'no-store' })).headers.get(
      'ETag',
    )
    if (here === there) addLine(this.#story, text('big.same', { here }), 'good')
    else if (current !== etag) addLine(this.#story, text('big.replaced-since'), 'notice')
    else addLine(this.#story, text('big.different', { here, there }), 'bad')
  }

  async #startOver() {
    const isLatest = this.#beginRestart()
    this.#running?.abort()
    while (this.isRunning) await new Promise((resolve) => setTimeout(resolve, 20))
    if (!isLatest()) return
    await this.#Store.forget?.()
    await this.run('again')
  }

  /** Forgets the stored bytes and their version: what is downloaded next does not replace another version. */
  async #discard(store) {
    const dropped = await store.size()
    await store.reset()
    this.#journal.clear()
    this.#received = this.#resumedAt = 0
    if (dropped > 0) addLine(this.#story, text('big.start-over', { dropped: bytes(dropped) }))
    this.#show(null)
  }

  /** Does what a button is for, and says why if it fails. */
  async #press(action) {
    try {
      await action()
    } catch (error) {
      addLine(this.#story, stopReason(error), 'bad')
    }
  }

  async #save() {
    const store = new this.#Store()
    await store.open()
    const link = el('a', { href: URL.createObjectURL(await store.file()), download: 'big.bin' })
    link.click()
    await store.close()
  }

  async #cut() {
    const { cut } = await json('/lab/cut', 'POST')
    addLine(this.#story, cut === 0 ? text('break.nothing') : text('break.cut-some', { n: cut }))
  }

  async #replace() {
    await json('/lab/big.bin/replace', 'POST')
    addLine(this.#story, text('break.replaced'))
    if (this.isRunning) await this.#cut()
  }

  #show(perSecond) {
    const version = this.#journal.read()
    const total = version?.total ?? 0
    const isComplete = version !== null && this.#received === total && total > 0
    byId('big-toggle').textContent = this.#label(isComplete)
    byId('big-store').disabled = this.isRunning
    byId('big-save').hidden = !isComplete || this.isRunning
    byId('big-version').textContent = version?.etag ?? '–'
    byId('big-received').textContent =
      total === 0 ? '–' : text('big.progress', { received: bytes(this.#received), total: bytes(total) })
    byId('big-speed').textContent =
      perSecond === null ? '–' : text('big.per-second', { amount: bytes(Math.round(perSecond)) })
    const rest = (total - this.#received) / (perSecond ?? 0)
    byId('big-eta').textContent = Number.isFinite(rest) ? clock(rest) : '–'
    this.#draw(total)
  }

  /** What the button does now. */
  #label(isComplete) {
    if (this.isRunning) return text('big.pause')
    if (isComplete) return text('big.compare')
    return this.#received > 0 ? text('big.continue') : text('big.download')
  }

  #draw(total) {
    const kept = { start: 0, end: this.#resumedAt - 1, kind: 'kept' }
    const fresh = { start: this.#resumedAt, end: this.#received - 1, kind: 'fresh' }
    const band = byId('big-band')
    drawBand(
      band,
      total,
      [kept, fresh].filter(({ start, end }) => end >= start),
    )
    band.setAttribute('aria-label', text('received', { received: this.#received, n: total }))
  }
}

/** The URL of the file at the chosen speed. */
function pacedUrl() {
  const rate = byId('big-rate').value
  return asking(rate === '' ? URL_PATH : `${URL_PATH}?pace=${rate}`, 'big')
}

/** Gives the link for the browser's own download the same speed. */
function linkAtPace() {
  const link = new URL(pacedUrl(), location.href)
  link.searchParams.set('download', 'true')
  byId('big-native').href = link.href
}

async function json(path, method = 'GET') {
  const response = await fetch(path, { method })
  if (!response.ok) throw new Error(text('answer.status', { status: response.status }))
  return response.json()
}

/** Starts the panel. */
export function startBigFile() {
  return new BigFile().start()
}
