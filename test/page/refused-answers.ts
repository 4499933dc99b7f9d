// What the panel of the big file says of answers that it does not use, and of buttons that fail.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page, Route } from 'playwright-core'
import type { Test } from 'tap'
import { slowDown, speedUp, story } from './big-file-panel.ts'
import { type Demo, says, visit } from './browser.ts'

type Answer = Parameters<Route['fulfill']>[0]

const BIN = 'application/octet-stream'
const FILE = '**/lab/big.bin?*'
const ETAG = '"v"'
const STAND_IN = 'Stopped: The server sent a page or an error message in place of the file.'

/** A busy server has closed the connections of earlier visits by then. */
const MOST_PRESSES = 120

/** To a request without a range. */
const TO_THE_FIRST: { answer: Answer; says: string }[] = [
  { answer: { status: 404 }, says: 'Stopped: The server answered 404.' },
  {
    answer: { status: 200, contentType: 'text/html', headers: { etag: ETAG }, body: '<h1>Log in</h1>' },
    says: 'Stopped: The answer of the server does not fit the request, or contradicts itself.',
  },
  {
    answer: {
      status: 200,
      contentType: BIN,
      headers: { etag: ETAG },
      body: 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n',
    },
    says: STAND_IN,
  },
]

/** To the request for the remainder. */
const TO_THE_NEXT: { answer: Answer; says: string | RegExp }[] = [
  {
    answer: { status: 503, headers: { 'retry-after': '1' } },
    says: /^The server answered 503\. Asking again in [\d.]+ s\.$/,
  },
]

/** Answers the next request for the file. Those after it get the server's own answer. */
async function answerOnce(page: Page, answer: Answer): Promise<void> {
  await page.route(FILE, (route) => route.fulfill(answer), { times: 1 })
}

async function refused(t: Test, page: Page): Promise<void> {
  // Presses may cut connections of earlier visits, which the server has not seen closed or the browser opens again.
  const nothing = page.locator('#big-story li', { hasText: 'There is no connection to cut now.' })
  for (let presses = 0; (await nothing.count()) === 0; presses++) {
    if (presses === MOST_PRESSES) throw new Error('there is always a connection to cut')
    await page.click('#break-cut')
    await sleep(500)
  }
  for (const { answer, says: sentence } of TO_THE_FIRST) {
    await answerOnce(page, answer)
    await page.click('#big-reset')
    await story(page, sentence)
    await says(page, '#big-toggle', 'Download')
    t.pass(sentence)
  }
}

async function resumes(t: Test, page: Page): Promise<void> {
  await page.route('**/big.bin/checksum', (route) => route.fulfill({ json: { size: 1, sha256: 'other' } }), {
    times: 1,
  })
  await slowDown(page)
  await page.click('#big-toggle')
  await says(page, '#big-received', /^[1-9]\d?\.\d MiB/)
  await page.click('#big-toggle')
  await story(page, 'Paused at')
  await speedUp(page)
  for (const { answer, says: sentence } of TO_THE_NEXT) {
    await answerOnce(page, answer)
    await page.click('#big-toggle')
    await story(page, sentence)
  }
  await story(page, '206: still the same version')
  await story(page, /^NOT the same: [\da-f]{64} here, other there\.$/)
  t.pass('a file that is not the same is named')
}

async function buttonsFail(t: Test, page: Page): Promise<void> {
  await page.route('**/lab/cut', (route) => route.fulfill({ status: 500 }), { times: 1 })
  await page.click('#break-cut')
  await story(page, 'The server answered 500.')
  t.pass('a button that fails says why')
}

/** Runs the tests of answers that are not used. */
export async function refusedAnswers(t: Test, demo: Demo): Promise<void> {
  const expected = /status of [45]\d\d|net::ERR_|NetworkError|NS_ERROR|clip\.mp4|media/i
  await visit(t, { demo, expected, unanswered: '**/lab/clip.mp4*' }, async (page) => {
    await t.test('what the server sends instead of the file is named', (t) => refused(t, page))
    await t.test('a button that fails says why', (t) => buttonsFail(t, page))
    await t.test('a busy server is asked again, and a wrong file is found', (t) => resumes(t, page))
  })
}
