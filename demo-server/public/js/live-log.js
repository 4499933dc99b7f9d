import { byId, el } from './dom.js'
import { count } from './format.js'
import { text } from './texts.js'
import { sectionOf } from './visit.js'

const MAX_ROWS = 100

/**
 * Listens to the server's log and shows it. Calls `onEntry` for each entry, once when an answer begins and once when
 * it has ended, and `onOtherLog` when the numbers of the entries begin again.
 */
export function startLiveLog({ onEntry, onOtherLog }) {
  const rows = new Map()
  const body = byId('log-rows')
  const state = byId('log-state')
  const source = new EventSource('/events')
  let log = null
  const clear = () => {
    body.replaceChildren()
    rows.clear()
  }
  source.addEventListener('open', () => {
    state.textContent = text('log.live')
    state.classList.add('good')
  })
  source.addEventListener('error', () => {
    const isOver = source.readyState === EventSource.CLOSED
    state.textContent = isOver ? text('log.closed') : text('log.reconnecting')
    state.classList.remove('good')
  })
  // After a restart the server has another log. Otherwise only what has changed meanwhile comes again.
  source.addEventListener('log', ({ data }) => {
    if (data === log) return
    log = data
    clear()
    onOtherLog()
  })
  source.addEventListener('message', ({ data }) => {
    const entry = JSON.parse(data)
    const row = describe(entry)
    if (rows.has(entry.id)) rows.get(entry.id).replaceWith(row)
    else body.prepend(row)
    rows.set(entry.id, row)
    forgetOldest(rows)
    onEntry(entry)
  })
  byId('log-clear').addEventListener('click', clear)
}

function forgetOldest(rows) {
  if (rows.size <= MAX_ROWS) return
  const [id, row] = rows.entries().next().value
  row.remove()
  rows.delete(id)
}

function describe(entry) {
  const { method, url, range, ifRange, status, contentRange, bytesSent, length, outcome, duration } = entry
  const sent =
    length === undefined || bytesSent === length || method === 'HEAD'
      ? count(bytesSent)
      : text('log.part', { sent: bytesSent, length })
  const isOwn = sectionOf(url) !== undefined
  const row = el(
    'tr',
    {},
    el(
      'td',
      {},
      `${method} ${url}`,
      ...(isOwn ? [' ', el('span', { className: 'badge' }, text('log.own'))] : []),
    ),
    el('td', {}, range ?? '–'),
    el('td', {}, ifRange ?? '–'),
    el('td', { className: status < 300 ? 'good' : status < 400 ? 'notice' : 'bad' }, String(status)),
    el('td', {}, contentRange ?? '–'),
    el('td', {}, outcome === 'under way' ? '…' : sent),
    el('td', { className: outcome === 'aborted' ? 'bad' : '' }, ending(outcome, duration)),
  )
  row.dataset.id = entry.id
  // On a narrow screen each entry is a card, whose cells show these names.
  for (const [i, { textContent }] of [...document.querySelectorAll('#log th')].entries()) {
    row.cells[i].dataset.label = textContent
  }
  return row
}

function ending(outcome, duration) {
  if (outcome === 'under way') return text('log.under-way')
  return outcome === 'served' ? text('log.served', { duration }) : text('log.aborted', { duration })
}
