import { el } from './dom.js'
import { text } from './texts.js'
import { pathOf, sectionOf } from './visit.js'

const MOST = 40

/** The requests of one section in this visit, as the server has answered them, in the section's own list. */
class OwnRequests {
  #list
  #entries = new Map()

  constructor(list) {
    this.#list = list
  }

  /** The entries of the live log, the oldest first. */
  get entries() {
    return [...this.#entries.values()]
  }

  /** Shows a new or changed entry of the live log. */
  add(entry) {
    this.#entries.set(entry.id, entry)
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value)
    this.#list.replaceChildren(...this.entries.reverse().map(line))
  }

  clear() {
    this.#entries.clear()
    this.#list.replaceChildren()
  }
}

/**
 * Starts the lists of all sections.
 *
 * @param {(section: string, entries: object[]) => void} onChange called with all entries of a section that has new ones
 * @returns what must be called with each entry of the live log, and when another log begins
 */
export function startOwnRequests(onChange) {
  const lists = new Map(
    Array.from(document.querySelectorAll('[data-requests]'), (list) => [
      list.dataset.requests,
      new OwnRequests(list),
    ]),
  )
  return {
    onEntry(entry) {
      const section = sectionOf(entry.url)
      const own = lists.get(section)
      if (!own) return
      own.add(entry)
      onChange(section, own.entries)
    },
    onOtherLog() {
      for (const own of lists.values()) own.clear()
    },
  }
}

/** What was asked, and what came of it: `GET /2.txt, bytes=0-3: 206, 4 bytes`. */
function line(entry) {
  const { method, url, range, ifRange, status, outcome } = entry
  const request = [`${method} ${pathOf(url)}`, range, ifRange && text('requests.if-unchanged')]
  const asked = request.filter(Boolean).join(', ')
  const tone = outcome === 'under way' ? 'notice' : status >= 400 ? 'bad' : outcome === 'served' ? 'good' : ''
  return el('li', { className: tone }, text('requests.line', { asked, answer: answerOf(entry) }))
}

function answerOf({ method, status, outcome, bytesSent: n }) {
  if (outcome === 'under way') return text('requests.under-way', { status: String(status) })
  if (outcome === 'aborted') {
    // The server had not begun to send, so no client has seen the status.
    return n === 0 ? text('requests.not-answered') : text('requests.aborted', { status: String(status), n })
  }
  if (status === 304) return text('requests.not-modified')
  if (method === 'HEAD') return text('requests.head', { status: String(status) })
  return text('requests.served', { status: String(status), n })
}
