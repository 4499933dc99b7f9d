import { byId, el } from './dom.js'
import { contentFields } from './messages.js'
import { boundaryOf, parseMultipart } from './multipart.js'
import { text } from './texts.js'

const STALE = '"another-version"'
const PREVIEW = 160

const VERDICTS = {
  200: ['notice', text('try.whole')],
  206: ['good', text('try.part-of')],
  404: ['bad', text('try.missing')],
  412: ['bad', text('try.failed')],
  416: ['bad', text('try.unsatisfiable')],
}

/** The form that sends any Range, and the same requests as curl commands. */
export function startTryIt() {
  byId('try-form').addEventListener('submit', (event) => {
    event.preventDefault()
    void send()
  })
  for (const button of document.querySelectorAll('[data-range]')) {
    button.addEventListener('click', () => {
      byId('try-range').value = button.dataset.range
    })
  }
  for (const button of document.querySelectorAll('[data-if-range]')) {
    button.addEventListener('click', async () => {
      byId('try-if-range').value = button.dataset.ifRange === 'stale' ? STALE : await currentEtag(path())
    })
  }
  void showCurlLines()
}

function path() {
  return `/${byId('try-file').value}`
}

async function currentEtag(url) {
  const response = await fetch(url, { method: 'HEAD', cache: 'no-store' })
  return response.headers.get('ETag') ?? ''
}

async function send() {
  const result = byId('try-result')
  try {
    const fields = { Range: byId('try-range').value, 'If-Range': byId('try-if-range').value }
    const headers = Object.entries(fields).filter(([, value]) => value.trim() !== '')
    const response = await fetch(path(), { headers, cache: 'no-store' })
    const body = new Uint8Array(await response.arrayBuffer())
    result.replaceChildren(...describe(response, body))
  } catch (error) {
    result.replaceChildren(
      el('p', { className: 'verdict bad' }, text('try.not-sent', { reason: error.message })),
    )
  }
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
  const shown = content.subarray(0, PREVIEW)
  const more = content.length > PREVIEW ? ' …' : ''
  const characters = new TextDecoder().decode(shown)
  const hex = Array.from(shown.subarray(0, 24), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const part = el('article', { className: 'part' }, el('h4', {}, title))
  if (fields) part.append(el('pre', {}, fields))
  // A control character means that this is not text.
  const isText = !shown.some((byte) => byte < 9 || (byte > 13 && byte < 32))
  part.append(el('pre', { className: 'mono' }, isText ? `${characters}${more}` : `${hex} …`))
  return part
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
  const button = el(
    'button',
    { type: 'button', ariaLabel: text('curl.copy-this', { name }) },
    text('curl.copy'),
  )
  button.addEventListener('click', async () => {
    button.textContent = (await copy(line, code)) ? text('curl.copied') : text('curl.selected')
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
