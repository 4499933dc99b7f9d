import { hex } from './characters.js'

/** Names this visit: the page as this tab has loaded it. Another tab and a reload are other visits. */
const VISIT = Array.from(crypto.getRandomValues(new Uint8Array(4)), hex).join('')
const PARAMETER = 'from'
const SECTIONS = ['walk', 'big', 'video', 'origins', 'try']

/**
 * Marks a URL as asked for by a section of this visit. The live log of the server has the requests of all clients, and
 * the address, the fields and the cookies of two tabs are the same. Only the URL distinguishes them: the page cannot
 * add a field to the requests of a video.
 *
 * @param {string} url
 * @param {'walk' | 'big' | 'video' | 'origins' | 'try'} section
 */
export function asking(url, section) {
  return `${url}${url.includes('?') ? '&' : '?'}${PARAMETER}=${section}-${VISIT}`
}

/** The section of this visit that asked for this URL. Undefined if another visit or another client did. */
export function sectionOf(url) {
  const mark = new URL(url, location.href).searchParams.get(PARAMETER)
  return SECTIONS.find((section) => mark === `${section}-${VISIT}`)
}

/** The path of a URL, without the mark. */
export function pathOf(url) {
  return new URL(url, location.href).pathname
}
