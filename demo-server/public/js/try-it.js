import { hex, showCharacters, wholeCharacters } from './characters.js'
import { byId, el } from './dom.js'
import { latest } from './latest.js'
import { contentFields, FieldError, sendFailureText } from './messages.js'
import { boundaryOf, parseMultipart } from './multipart.js'
import { text } from './texts.js'
import { asking } from './visit.js'

const STALE = '"another-version"'
/** How many bytes of a text are shown, and how many of other content. */
const PREVIEW = 160
const PREVIEW_OF_BYTES = 24

const VERDICTS = {
  200: ['notice', text('try.whole')],
  206: ['good', text('try.part-of')],
  416: ['bad', text('try.unsatisfiable')],
}

/** The form that sends any Range, and the same requests as curl commands. */
export function startTryIt() {
  byId('try-form').addEventListener('submit', (event) => {
    event.preventDefault()
    void send()
  })
  for (const button of document.querySelectorAll('[data-range]')) {
    button.addEventListener('click', () => void fill(button.dataset))
  }
  void showCurlLines()
}

const beginFill = latest()
const beginSend = latest()

/** Fills all fields of the form with an example. One without If-Range empties that field. */
async function fill({ range, ifRange }) {
  const isLatest = beginFill()
  byId('try-range').value = range
  byId('try-if-range').value = ifRange === 'stale' ? STALE : ''
  if (ifRange !== 'current') return
  const file = path()
  try {
    const etag = await currentEtag(file)
    // Meanwhile the visitor may have chosen another example or file.
    if (isLatest() && file === path()) byId('try-if-range').value = etag
  } catch (error) {
    show(failure(error))
  }
}

function show(...nodes) {
  byId('try-result').replaceChildren(...nodes)
}

function failure(error) {
  return el('p', { className: 'verdict bad' }, sendFailureText(error))
}

function path() {
  return `/${byId('try-file').value}`
}

async function currentEtag(url) {
  const response = await fetch(asking(url, 'try'), { method: 'HEAD', cache: 'no-store' })
  return response.headers.get('ETag') ?? ''
}

async function send() {
  const isLatest = beginSend()
  const nodes = await ask().catch((error) => [failure(error)])
  if (isLatest()) show(...nodes)
}

/** Sends what is in the form. Returns what to show of the answer. */
async function ask() {
  const fields = { Range: byId('try-range').value, 'If-Range': byId('try-if-range').value }
  const headers = toHeaders(fields)
  const response = await fetch(asking(path(), 'try'), { headers, cache: 'no-store' })
  const body = new Uint8Array(await response.arrayBuffer())
  return describe(response, body)
}

/** Throws a FieldError if a value cannot be sent. */
function toHeaders(fields) {
  const headers = new Headers()
  for (const [name, value] of Object.entries(fields).filter(([, value]) => value.trim() !== '')) {
    try {
      headers.set(name, value)
    } catch {
      throw new FieldError(name)
    }
  }
  return headers
}

function describe(response, body) {
  const [tone, verdict] = VERDICTS[response.status] ?? ['notice', text('try.other')]
  const rows = contentFields(response).map(([name, value]) =>
    el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value)),
  )
  return [
    el(
      'p',
      { className: `verdict ${tone}` },
      text('try.verdict', { status: `${response.status} ${response.statusText}`, verdict }),
    ),
    el('table', {}, el('tbody', {}, ...rows)),
    el('h3', {}, text('try.body')),
    el('div', { className: 'parts' }, ...describeBody(response, body)),
  ]
}

function describeBody(response, body) {
  const boundary = boundaryOf(response.headers.get('Content-Type'))
  if (boundary === null) return [describePart(text('bytes', { n: body.length }), body)]
  return parseMultipart(body, boundary).map(({ fields, content }, index) => {
    const lines = [...fields].map(([name, value]) => `${name}: ${value}`).join('\n')
    return describePart(text('try.part', { number: index + 1, n: content.length }), content, lines)
  })
}

function describePart(title, content, fields) {
  const part = el('article', { className: 'part' }, el('h4', {}, title))
  if (fields) part.append(el('pre', {}, fields))
  part.append(el('pre', { className: 'mono', lang: '' }, ...preview(content)))
  return part
}

/** The beginning of a body. The preview ends with a whole character; the body itself may begin or end within one. */
function preview(content) {
  // A control character means that this is not text.
  const isText = !content.subarray(0, PREVIEW).some((byte) => byte < 9 || (byte > 13 && byte < 32))
  const end = isText ? wholeCharacters(content, PREVIEW) : PREVIEW_OF_BYTES
  const shown = content.subarray(0, end)
  const more = content.length > end ? [' …'] : []
  return [...(isText ? showCharacters(shown) : [Array.from(shown, hex).join(' ')]), ...more]
}

async function showCurlLines() {
  const etag = await currentEtag('/2.txt')
  const url = (name) => `${location.origin}/${name}`
  const lines = [
    [text('curl.one'), `curl -v --header 'Range: bytes=0-3' ${url('bd_logo.png')}`],
    [text('curl.end'), `curl -i --header 'Range: bytes=-12' ${url('2.txt')}`],
    [text('curl.several'), `curl -i --header 'Range: bytes=0-3, 20-29, -12' ${url('content.txt')}`],
    [
      text('curl.unchanged'),
      `curl -i --header 'Range: bytes=4-' --header 'If-Range: ${etag}' ${url('2.txt')}`,
    ],
    [text('curl.stale'), `curl -i --header 'Range: bytes=4-' --header 'If-Range: ${STALE}' ${url('2.txt')}`],
    [text('curl.beyond'), `curl -i --header 'Range: bytes=90000-' ${url('2.txt')}`],
  ]
  byId('curl-lines').replaceChildren(...lines.map(([name, line]) => curlLine(name, line)))
}

function curlLine(name, line) {
  const code = el('pre', { tabIndex: 0 }, line)
  const button = el('button', { type: 'button' })
  const say = (label) =>
    Object.assign(button, { textContent: label, ariaLabel: text('curl.label', { label, name }) })
  say(text('curl.copy'))
  button.addEventListener('click', async () => {
    say((await copy(line, code)) ? text('curl.copied') : text('curl.selected'))
  })
  return el('li', {}, el('span', { className: 'hint' }, name), code, button)
}

/** Copies the line. Selects it where a page may not copy (without HTTPS and not on localhost). */
async function copy(line, element) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(line)
      return true
    } catch {
      // The page may not copy.
    }
  }
  getSelection()?.selectAllChildren(element)
  return false
}
