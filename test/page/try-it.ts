// The form that sends any Range, and the same requests as curl commands.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Demo, until, visit } from './browser.ts'

const CONTENT = await readFile(new URL('../files/content.txt', import.meta.resolve('demo-server')))
const STALE = '"another-version"'
/** Is false until the page has found out the version. */
const IS_FILLED = 'document.querySelector("#try-if-range").value.startsWith(\'"\')'
const UNSATISFIABLE =
  '416 Range Not Satisfiable. The file has no bytes in that range. Content-Range gives its size.'
const WHOLE =
  '200 OK. The whole file. There was no range, it was ignored (invalid, or too many pieces), or it was for another version.'
const PART = '206 Partial Content. Only the bytes that were asked for.'

const filled = async (page: Page): Promise<string[]> => [
  await page.inputValue('#try-range'),
  await page.inputValue('#try-if-range'),
]

const example = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

/** Sends what is in the form, and waits for its result. */
export async function send(page: Page): Promise<void> {
  await page.evaluate('document.querySelector("#try-result").replaceChildren()')
  await page.click('#try-form [type="submit"]')
  await page.locator('#try-result .verdict').waitFor()
}

async function examples(t: Test, page: Page, { url }: Demo): Promise<void> {
  const cases = [
    { name: 'first four', range: 'bytes=0-3', ifRange: '' },
    { name: 'last five', range: 'bytes=-5', ifRange: '' },
    { name: 'from 100 on', range: 'bytes=100-', ifRange: '' },
    { name: 'several', range: 'bytes=0-3, 20-29, -12', ifRange: '' },
    { name: 'beyond the end', range: 'bytes=90000-', ifRange: '' },
    { name: 'invalid', range: 'bytes=four', ifRange: '' },
    { name: 'no range', range: '', ifRange: '' },
    { name: 'another version', range: 'bytes=4-', ifRange: STALE },
  ]
  t.equal(await page.locator('.presets button').count(), cases.length + 1, 'every example, and this version')
  for (const { name, range, ifRange } of cases) {
    await page.fill('#try-range', 'left from before')
    await page.fill('#try-if-range', 'left from before')
    await example(page, name)
    t.same(await filled(page), [range, ifRange], name)
  }
  await example(page, 'this version')
  await until(page, IS_FILLED)
  const etag = (await fetch(new URL('content.txt', url))).headers.get('etag')
  t.same(await filled(page), ['bytes=4-', etag], 'this version')
}

async function answers(t: Test, page: Page): Promise<void> {
  const cases = [
    { preset: 'first four', says: PART, body: CONTENT.toString('utf8', 0, 4) },
    { preset: 'last five', says: PART, body: CONTENT.toString('utf8', CONTENT.length - 5) },
    { preset: 'from 100 on', says: PART, body: `${CONTENT.length - 100} bytes` },
    { preset: 'beyond the end', says: UNSATISFIABLE, body: 'ERR_RANGE' },
    { preset: 'invalid', says: WHOLE, body: CONTENT.toString('utf8', 0, 40) },
    { preset: 'no range', says: WHOLE, body: CONTENT.toString('utf8', 0, 40) },
    { preset: 'another version', says: WHOLE, body: CONTENT.toString('utf8', 0, 40) },
  ]
  for (const { preset, says: verdict, body } of cases) {
    await example(page, preset)
    await send(page)
    t.equal(await page.textContent('#try-result .verdict'), verdict, preset)
    t.match(await page.textContent('#try-result .parts'), body, preset)
  }
  t.match(await page.textContent('#try-result table'), /etag/)
  await example(page, 'this version')
  await until(page, IS_FILLED)
  await send(page)
  t.equal(await page.textContent('#try-result .verdict'), PART, 'If-Range of this version')
}

async function severalParts(t: Test, page: Page): Promise<void> {
  await example(page, 'several')
  await send(page)
  const parts = page.locator('#try-result .part')
  t.equal(await parts.count(), 3, 'a multipart answer is taken apart')
  for (const [index, [first, last]] of [
    [0, 3],
    [20, 29],
    [CONTENT.length - 12, CONTENT.length - 1],
  ].entries()) {
    const [start, end] = [Number(first), Number(last) + 1]
    const text = (await parts.nth(index).textContent()) ?? ''
    t.match(text, `part ${index + 1}: ${end - start} bytes`)
    t.match(text, `Content-Range: bytes ${first}-${last}/${CONTENT.length}`)
    const content = await parts.nth(index).locator('pre').last().textContent()
    t.equal(content, CONTENT.toString('utf8', start, end), `part ${index + 1}: its bytes`)
  }
}

async function cutCharacters(t: Test, page: Page): Promise<void> {
  const first = CONTENT.findIndex((byte) => byte >= 0xe0)
  const cut = { start: first + 1, end: first + 4 }
  await page.fill('#try-range', `bytes=${cut.start}-${cut.end}`)
  await page.fill('#try-if-range', '')
  await send(page)
  const inHex = (start: number, end: number): string =>
    [...CONTENT.subarray(start, end)].map((byte) => byte.toString(16)).join(' ')
  const rest = await page.locator('#try-result .rest').allTextContents()
  t.same(rest, [inHex(first + 1, first + 3), inHex(first + 4, first + 5)])
  t.equal(await page.getAttribute('#try-result .rest', 'title'), 'part of a character')

  // The preview of 160 bytes ends after the first byte of a character, which the body has whole.
  await page.fill('#try-range', `bytes=${first + 1 - 160}-`)
  await send(page)
  t.equal(await page.locator('#try-result .rest').count(), 0)
  t.match(await page.textContent('#try-result .mono'), / …$/)

  await page.selectOption('#try-file', 'bd_logo.png')
  await page.fill('#try-range', 'bytes=0-3')
  await send(page)
  t.equal(await page.textContent('#try-result .mono'), '89PNG')
  await page.fill('#try-range', 'bytes=0-11')
  await send(page)
  t.equal(await page.textContent('#try-result .mono'), '89 50 4e 47 0d 0a 1a 0a 00 00 00 0d', 'all of it')
}

/** What a visitor sees who sends something that gets no such answer. */
async function noAnswers(t: Test, page: Page): Promise<void> {
  const verdict = (): Promise<string | null> => page.textContent('#try-result .verdict')
  await page.fill('#try-range', 'bytes=0–3')
  await send(page)
  t.equal(await verdict(), 'Not sent: Range has a character that no header field may have.')
  await page.fill('#try-range', '')
  const cases = [
    { status: 404, says: '404 Not Found. See the status.' },
    { status: 503, says: '503 Service Unavailable. See the status.' },
    { status: null, says: 'No answer: the connection was lost. Is the server still running?' },
  ]
  for (const { status, says: expected } of cases) {
    await page.route('**/bd_logo.png?*', (route) => (status ? route.fulfill({ status }) : route.abort()))
    await send(page)
    t.equal(await verdict(), expected)
    await page.unroute('**/bd_logo.png?*')
  }
}

async function curlStatuses(t: Test, page: Page): Promise<void> {
  await page.locator('#curl-lines li').nth(5).waitFor()
  const lines = await page.locator('#curl-lines pre').allTextContents()
  const statuses = await Promise.all(lines.map(request))
  t.same(statuses, [206, 206, 206, 206, 200, 416])
  t.match(lines[0], /^curl -v --header 'Range: bytes=0-3' http:\/\/127\.0\.0\.1:\d+\/bd_logo\.png$/)
}

/** Sends the request of a curl line and returns the status. */
async function request(line: string): Promise<number> {
  const headers = Array.from(
    line.matchAll(/--header '([^:]+): ([^']*)'/g),
    ([, name = '', value = '']): [string, string] => [name, value],
  )
  const answer = await fetch(line.split(' ').at(-1) ?? '', { headers })
  await answer.arrayBuffer()
  return answer.status
}

async function copied(t: Test, page: Page, { start }: Demo): Promise<void> {
  // Firefox knows no such permission. Its preferences let tests read the clipboard.
  if (start.engine === 'Chromium')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy: one range' }).click()
  await page.getByText('Copied', { exact: true }).waitFor()
  t.match(await page.evaluate('navigator.clipboard.readText()'), /^curl -v .*bd_logo\.png$/)
}

/** Runs the tests of the form and of the curl lines, one after the other on the same page. */
export async function tryIt(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo, expected: /status of [45]\d\d|net::ERR_FAILED|NetworkError/ }, async (page) => {
    await t.test('each example fills or empties every field', (t) => examples(t, page, demo))
    await t.test('a visitor can try any Range, and sees the answer', (t) => answers(t, page))
    await t.test('several ranges are shown one by one', (t) => severalParts(t, page))
    await t.test('bytes that are no whole character are shown as bytes', (t) => cutCharacters(t, page))
    await t.test('what gets no such answer is named', (t) => noAnswers(t, page))
    await t.test('the curl lines get the statuses that they promise', (t) => curlStatuses(t, page))
    await t.test('a curl line can be copied', (t) => copied(t, page, demo))
  })
}
