import { byId, el } from './dom.js'
import { latest } from './latest.js'
import { sendFailureText } from './messages.js'
import { text } from './texts.js'
import { asking } from './visit.js'

const FIELDS = [
  'Content-Type',
  'Content-Length',
  'Cache-Control',
  'Last-Modified',
  'Content-Range',
  'Accept-Ranges',
  'ETag',
]

/** Requests a file from the other origin in each of its three ways, and shows what the page can read. */
export async function startOtherOrigin() {
  const buttons = document.querySelectorAll('[data-origin]')
  const beginVisit = latest()
  const origin = await currentOrigin()
  byId('origins-url').textContent = origin
  for (const button of buttons) {
    button.addEventListener('click', async () => {
      const isLatest = beginVisit()
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button))
      const nodes = await look(origin, button.dataset.origin).catch((error) => [
        verdict('bad', sendFailureText(error)),
      ])
      if (isLatest()) byId('origins-result').replaceChildren(...nodes)
    })
  }
}

async function currentOrigin() {
  const { otherPort } = await (await fetch('/settings')).json()
  return `${location.protocol}//${location.hostname}:${otherPort}`
}

/** What a page sees of the other origin, if the server is there and this page may still ask it. */
async function look(origin, way) {
  // The policy of the page allows the port that was the other origin's when the page was loaded.
  if ((await currentOrigin()) !== origin) return [verdict('bad', text('origins.moved'))]
  return describe(await ask(asking(`${origin}/${way}/2.txt`, 'origins')))
}

/** Requests the first four bytes, and then the next four with the version, if the page can read it. */
async function ask(url) {
  const first = await attempt(url, { Range: 'bytes=0-3' })
  if (!first) return { first, next: null }
  const etag = first.headers.get('ETag') ?? '"unknown"'
  return { first, next: await attempt(url, { Range: 'bytes=4-7', 'If-Range': etag }) }
}

/** To a page, a refused answer looks like a failed connection. */
async function attempt(url, headers) {
  try {
    const response = await fetch(url, { headers, cache: 'no-store' })
    await response.arrayBuffer()
    return response
  } catch {
    return null
  }
}

function describe({ first, next }) {
  if (!first) return [verdict('bad', text('origins.nothing'))]
  const rows = FIELDS.map((name) => {
    const value = first.headers.get(name)
    const cell = value === null ? el('td', { className: 'bad' }, text('origins.hidden')) : el('td', {}, value)
    return el('tr', {}, el('th', { scope: 'row' }, name), cell)
  })
  const table = el(
    'table',
    {},
    el('caption', {}, text('origins.caption', { status: first.status })),
    el('tbody', {}, ...rows),
  )
  return [conclusion(first, next), table]
}

function conclusion(first, next) {
  const canSee = first.headers.has('ETag') && first.headers.has('Content-Range')
  if (canSee && next?.status === 206) return verdict('good', text('origins.good'))
  return verdict('bad', next ? text('origins.bad') : text('origins.worse'))
}

function verdict(tone, sentence) {
  return el('p', { className: `verdict ${tone}` }, sentence)
}
