import { drawBand } from './band.js'
import { byId } from './dom.js'
import { bytes } from './format.js'
import { parseContentRange } from './range-get-rules.js'
import { text } from './texts.js'
import { asking } from './visit.js'

const PATH = '/lab/clip.mp4'
/** How the clip is coded: H.264, Baseline profile. */
const TYPE = 'video/mp4; codecs="avc1.42E01E"'

/** Starts the player and the buttons that jump. */
export function startVideo() {
  const video = byId('clip')
  const buttons = document.querySelectorAll('[data-seek]')
  for (const button of buttons) {
    button.addEventListener('click', () => {
      video.currentTime = Number(button.dataset.seek)
    })
  }
  video.addEventListener('error', () => {
    const canPlay = video.canPlayType(TYPE) !== ''
    byId('clip-status').textContent = canPlay ? text('video.stopped') : text('video.unplayable')
    for (const button of buttons) button.disabled = true
  })
  video.src = asking(PATH, 'video')
}

/** Draws the ranges that the player got in this visit. */
export function drawVideo(entries) {
  const pieces = entries.flatMap(({ status, contentRange, outcome, bytesSent }) => {
    const range = parseContentRange(contentRange)
    if (status !== 206 || !range) return []
    const isUnderWay = outcome === 'under way'
    return [
      {
        total: range.total,
        start: range.first,
        end: isUnderWay ? range.last : range.first + Math.max(bytesSent, 1) - 1,
        kind: isUnderWay ? 'under-way' : outcome,
      },
    ]
  })
  if (pieces.length === 0) return
  const { total } = pieces[pieces.length - 1]
  // Ranges under way are drawn first, so that what has arrived stays visible on top.
  pieces.sort((a, b) => Number(b.kind === 'under-way') - Number(a.kind === 'under-way'))
  const band = byId('clip-band')
  drawBand(band, total, pieces)
  band.setAttribute('aria-label', text('video.drawn', { n: pieces.length, total: bytes(total) }))
}
