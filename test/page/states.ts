// The states that a visitor can bring the page to, one after the other.
import type { Page } from 'playwright-core'
import { slowDown, speedUp, story } from './big-file-panel.ts'
import { says } from './browser.ts'
import { NARROWEST } from './looks.ts'
import { send } from './try-it.ts'

/** Messages for cut connections and refused answers, in the words of both browsers. */
export const EXPECTED = /net::ERR_|CORS|Cross-Origin Request Blocked|status of 4\d\d|NetworkError|NS_ERROR/

/** A state of the page. */
export interface State {
  name: string
  /** The part of the page that it changes. */
  within: string
  /** At which widths its boxes are measured. Default: all. */
  widths?: readonly number[]
  /** Brings the page from the state before to this one. */
  reach: (page: Page) => Promise<unknown>
}

const WALK: State[] = [
  {
    name: 'the walk runs',
    within: '#walk',
    reach: async (page) => {
      await page.click('#walk-toggle')
      await says(page, '#walk-status', /^\d+ of/)
    },
  },
  {
    name: 'the walk is paused',
    within: '#walk',
    reach: async (page) => {
      await page.click('#walk-toggle')
      await says(page, '#walk-status', 'Paused')
    },
  },
  {
    name: 'the walk has lost its connection',
    within: '#walk',
    reach: async (page) => {
      await page.route('**/2.txt*', (route) => route.abort())
      await page.click('#walk-toggle')
      await says(page, '#walk-status', 'again')
      await page.unroute('**/2.txt*')
    },
  },
  {
    name: 'the walk has ended',
    within: '#walk',
    reach: async (page) => {
      await page.selectOption('#walk-pace', '0')
      await says(page, '#walk-status', 'Complete')
    },
  },
]

/** However long the state before was looked at, the download is at its beginning. */
async function startOver(page: Page): Promise<void> {
  const starts = page.locator('#big-story li', { hasText: /^Starting over/ })
  const before = await starts.count()
  await page.click('#big-reset')
  await starts.nth(before).waitFor()
  await says(page, '#big-received', /^[1-9]\.\d MiB of/)
}

const BIG_FILE: State[] = [
  {
    name: 'the big file arrives',
    within: '#big',
    reach: async (page) => {
      await slowDown(page)
      await page.click('#big-toggle')
      await says(page, '#big-received', 'MiB of')
    },
  },
  {
    name: 'the big file is cut and resumes',
    within: '#big',
    reach: async (page) => {
      await startOver(page)
      await page.click('#break-cut')
      await story(page, '206')
    },
  },
  {
    name: 'the big file is paused',
    within: '#big',
    reach: async (page) => {
      await startOver(page)
      await page.click('#big-toggle')
      await story(page, 'Paused')
    },
  },
  {
    name: 'the big file is complete',
    within: '#big',
    reach: async (page) => {
      await speedUp(page)
      await page.click('#big-toggle')
      await story(page, 'Complete')
    },
  },
  {
    name: 'the big file has failed',
    within: '#big',
    reach: async (page) => {
      await page.route('**/lab/big.bin?*', (route) => route.fulfill({ status: 404 }))
      await page.click('#big-reset')
      await story(page, 'Stopped: The server answered 404')
      await page.unroute('**/lab/big.bin?*')
    },
  },
]

const VIDEO: State = {
  name: 'the video has jumped',
  within: '#video',
  reach: async (page) => {
    await page.click('[data-seek="21"]')
    await page.locator('#clip-ranges li').first().waitFor()
  },
}

const ORIGINS = ['none', 'origin', 'recipe'].map((way) => ({
  name: `the other origin answers (${way})`,
  within: '#origins',
  reach: async (page: Page) => {
    await page.evaluate('document.querySelector("#origins-result").replaceChildren()')
    await page.click(`[data-origin="${way}"]`)
    await page.locator('#origins-result .verdict').waitFor()
  },
}))

/** The examples by their positions. The answers are laid out alike. */
const EXAMPLES = Array.from({ length: 9 }, (_, nth) => ({
  name: `the answer to example ${nth + 1}`,
  within: '#try-result',
  widths: [NARROWEST],
  reach: async (page: Page) => {
    await page.locator('.presets button').nth(nth).click()
    await send(page)
  },
}))

/** All states, from an unused page to one on which everything was used. */
export const STATES: readonly State[] = [
  { name: 'start', within: 'html', reach: async () => {} },
  ...WALK,
  ...BIG_FILE,
  VIDEO,
  ...ORIGINS,
  ...EXAMPLES,
  {
    name: 'a field that cannot be sent',
    within: '#try-result',
    widths: [NARROWEST],
    reach: async (page) => {
      await page.fill('#try-range', 'bytes=0–3')
      await send(page)
    },
  },
  {
    name: 'a curl line is copied',
    within: '#curl-lines',
    reach: async (page) => {
      await page.locator('#curl-lines button').first().click()
      await says(page, '#curl-lines', /Copied|Selected/)
    },
  },
  { name: 'the end', within: 'html', reach: async () => {} },
]
