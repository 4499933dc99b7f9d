import { readFile } from 'node:fs/promises'
import type { Page, Route } from 'playwright-core'
import type { Test } from 'tap'
import { type Demo, visit, write } from './browser.ts'
import { collect, rangesOf } from './server-events.ts'

const TEXT = await readFile(new URL('../files/2.txt', import.meta.resolve('demo-server')))
/** A step of this many bytes ends after the first byte of `断`, which has three. */
const CUT = 86

async function noStep(t: Test, page: Page): Promise<void> {
  const served = collect(t)
  for (const typed of ['0', '-1', '1.5', '1e9', '', '1001', '1e400']) {
    await write(page, '#walk-step', typed)
    await page.click('#walk-toggle')
    const status = page.locator('#walk-status', { hasText: 'A step is a whole number of bytes' })
    await status.waitFor()
    t.equal(await status.textContent(), 'A step is a whole number of bytes from 1 to 1,000.', `'${typed}'`)
    t.equal(await page.evaluate('document.activeElement.id'), 'walk-step', 'the field has the focus')
    await page.click('#walk-reset')
  }
  await write(page, '#walk-step', '')
  await page.locator('#walk-step').pressSequentially('four')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: 'A step is a whole number of bytes' }).waitFor()
  t.same(rangesOf(served, '/2.txt'), [])
}

async function becomesWrong(t: Test, page: Page): Promise<void> {
  const served = collect(t)
  await write(page, '#walk-step', '20')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: /^\d*0 of/ }).waitFor()
  await write(page, '#walk-step', '0')
  await page
    .locator('#walk-status', { hasText: /^Paused at byte \d*[02468]0\. A step is a whole number/ })
    .waitFor()
  await write(page, '#walk-step', '1000')
  await page.selectOption('#walk-pace', '0')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: 'Complete: 284 bytes.' }).waitFor()
  t.equal(rangesOf(served, '/2.txt')[0], 'bytes=0-19')
  t.equal(await page.textContent('#walk-text'), TEXT.toString())
}

async function cutCharacter(t: Test, page: Page): Promise<void> {
  await write(page, '#walk-step', String(CUT))
  // It is paused long before the next step.
  await page.evaluate(`document.querySelector('#walk-pace').add(new Option('one an hour', '3600000'))`)
  await page.selectOption('#walk-pace', '3600000')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: `${CUT} of` }).waitFor()
  await page.locator('h1').click()
  await page.keyboard.press('p')
  await page.locator('#walk-status', { hasText: 'Paused' }).waitFor()
  t.same(await page.locator('#walk-text .rest').allTextContents(), ['e6'])
  t.equal(await page.textContent('#walk-text'), `${TEXT.toString('utf8', 0, CUT - 1)}e6`)
  await page.selectOption('#walk-pace', '0')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: 'Complete' }).waitFor()
  t.equal(await page.textContent('#walk-text'), TEXT.toString())
}

async function lateAnswer(t: Test, page: Page): Promise<void> {
  const held: Route[] = []
  await page.route('**/2.txt*', (route) => {
    held.push(route)
  })
  await Promise.all([page.waitForRequest('**/2.txt*'), page.click('#walk-toggle')])
  await page.click('#walk-reset')
  await Promise.all([page.waitForEvent('requestfinished'), ...held.map((route) => route.continue())])
  t.equal(await page.textContent('#walk-status'), 'Ready.')
  t.equal(await page.locator('#walk-map .cell').count(), 0)
}

const TESTS: Record<string, (t: Test, page: Page) => Promise<void>> = {
  'what is no step is refused, and nothing is requested': noStep,
  'a step that becomes wrong pauses the walk, and a right one continues it': becomesWrong,
  'a character that is cut is shown as its bytes until its last one arrives': cutCharacter,
  'an answer that arrives after the walk was started over is not shown': lateAnswer,
}

/** The steps of the walk: what is typed, and what they cut. Each test begins with a slow walk that was started over. */
export async function walkSteps(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo }, async (page) => {
    for (const [name, run] of Object.entries(TESTS)) {
      await page.click('#walk-reset')
      await page.selectOption('#walk-pace', '1000')
      await t.test(name, (t) => run(t, page))
    }
  })
}
