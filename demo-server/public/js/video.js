import { drawBand } from './band.js'
import { parseContentRange } from './content-range.js'
import { byId, el } from './dom.js'
import { bytes } from './format.js'
import { text } from './texts.js'

const PATH = '/lab/clip.mp4'
const MAX_PIECES = 40

/** Shows the ranges that the browser asks for. Returns a function that must be called for each entry of the live log. */
export function startVideo() {
  const video = byId('clip')
  for (const button of document.querySelectorAll('[data-seek]')) {
    button.addEventListener('click', () => {
      video.currentTime = Number(button.dataset.seek)
    })
  }
  const pieces = new Map()
  return (entry) => {
    const range = parseContentRange(entry.contentRange)
    if (entry.url !== PATH || entry.status !== 206 || !range) return
    pieces.set(entry.id, { ...entry, ...range })
    if (pieces.size > MAX_PIECES) pieces.delete(pieces.keys().next().value)
    draw([...pieces.values()])
  }
}

function draw(entries) {
  const { total } = entries[entries.length - 1]
  const pieces = entries.map(({ start, end, outcome, bytesSent }) => ({
    start,
    end: outcome === 'under way' ? end : start + Math.max(bytesSent, 1) - 1,
    kind: outcome === 'under way' ? 'under-way' : outcome,
  }))
  // Ranges under way are drawn first, so that what has arrived stays visible on top.
  pieces.sort((a, b) => Number(b.kind === 'under-way') - Number(a.kind === 'under-way'))
  const band = byId('clip-band')
  drawBand(band, total, pieces)
  band.setAttribute('aria-label', text('video.drawn', { n: entries.length, total: bytes(total) }))
  byId('clip-ranges').replaceChildren(...entries.reverse().map(line))
}

function line({ range, ifRange, start, outcome, bytesSent }) {
  const asked = ifRange ? text('video.if-unchanged', { range }) : range
  const sentences = {
    'under way': () => text('video.under-way', { asked }),
    served: () => text('video.served', { asked, n: bytesSent }),
    aborted: () => text('video.aborted', { asked, n: bytesSent }),
  }
  const className = outcome === 'under way' ? 'notice' : 'good'
  return el('li', { className, title: text('video.from', { start }) }, sentences[outcome]())
}
