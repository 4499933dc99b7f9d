// The big file: a download that is broken in every way resumes, or starts over if the file has changed.
import { join } from 'node:path'
import { buildServer } from 'demo-server'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import {
  COMPLETE,
  CUT,
  CUT_SOME,
  continues,
  downloads,
  hashInPage,
  hashOnServer,
  removeSaved,
  saved,
  sha256,
  slowDown,
  speedUp,
  startSlowly,
  story,
} from './big-file-panel.ts'
import { BIG_FILE_SIZE, type Demo, MEBIBYTE, says, visit } from './browser.ts'
import { collect } from './server-events.ts'

/** What the page says of its size. */
const SIZE_ON_PAGE = 48

/** A demo whose big file has the size that the page says. */
async function usualDemo(t: Test, demo: Demo): Promise<Demo> {
  const dataDir = join(demo.dataDir, 'usual')
  const app = await buildServer({ files: demo.files, dataDir })
  t.teardown(() => app.close())
  return { ...demo, dataDir, url: await app.listen({ port: 0 }) }
}

async function isCut(t: Test, given: Demo): Promise<void> {
  const demo = await usualDemo(t, given)
  const served = collect(t)
  await visit(t, { demo, expected: CUT }, async (page) => {
    t.equal(await page.getAttribute('#big-band', 'aria-label'), '0 of 0 bytes received')
    await page.selectOption('#big-rate', '16')
    await page.click('#big-toggle')
    await says(page, '#big-received', /^[1-9]\d?\.\d MiB of 48\.0 MiB$/)
    t.match(await page.textContent('#big-speed'), /^[\d.]+ MiB\/s$/)
    t.match(await page.textContent('#big-eta'), /^\d+:\d\d$/)
    await speedUp(page)
    await page.click('#break-cut')
    await story(page, CUT_SOME)
    await story(page, /^Connection lost at [\d.]+ MiB\. Trying again in [\d.]+ s\.$/)
    await story(
      page,
      /^206: still the same version\. Continuing from byte [\d,]+\. What is already here is not/,
    )
    const hash = await hashOnServer(demo)
    await story(page, COMPLETE + hash)
    await story(page, /^All 50,331,648 bytes are here\. Comparing them with the server…$/)
    const [first] = downloads(served)
    await story(page, `200: the whole file, version ${first?.etag}.`)
    t.equal(await page.textContent('#big-version'), first?.etag)
    continues(t, served, SIZE_ON_PAGE)
    t.equal(await hashInPage(page, 'big.bin'), hash)
    await removeSaved(demo)
    await page.click('#big-save')
    t.equal(sha256(await saved(demo, SIZE_ON_PAGE * MEBIBYTE)), hash, 'saved to disk')
  })
}

async function isReplaced(t: Test, demo: Demo): Promise<void> {
  const served = collect(t)
  await visit(t, { demo, expected: CUT }, async (page) => {
    await startSlowly(page)
    const before = await hashOnServer(demo)
    await speedUp(page)
    await page.click('#break-replace')
    await story(page, 'The server now has another version of the file under the same name.')
    await story(
      page,
      /^200: another version\. The [\d.]+ MiB of the old one are discarded\. Starting again from/,
    )
    await story(page, COMPLETE)
    const [first, second] = downloads(served)
    t.match(second, { status: 200, ifRange: first?.etag, bytesSent: BIG_FILE_SIZE * MEBIBYTE })
    t.match(second?.range, /^bytes=\d+-$/, 'the page asked for the remainder')
    t.not(second?.etag, first?.etag)
    const after = await hashInPage(page, 'big.bin')
    t.equal(after, await hashOnServer(demo))
    t.not(after, before)
    await comparesAgain(t, page)
    t.equal(downloads(served).length, 2, 'no further download')
  })
}

/** A complete download is compared with what the server has now. */
async function comparesAgain(t: Test, page: Page): Promise<void> {
  await page.click('#break-cut')
  await story(page, /^(?:There is no connection to cut now|Cut [1-9]\d* connections?)\.$/)
  await page.click('#break-replace')
  t.equal(await page.textContent('#big-toggle'), 'Compare again')
  await page.locator('#big-story li', { hasText: 'another version of the file' }).nth(1).waitFor()
  await page.click('#big-toggle')
  await story(page, 'Complete. The server has replaced this version since.')
}

async function isStartedOver(t: Test, demo: Demo): Promise<void> {
  const served = collect(t)
  await visit(t, { demo }, async (page) => {
    await startSlowly(page)
    await speedUp(page)
    await page.click('#big-reset')
    await story(page, COMPLETE)
    t.match(downloads(served), [
      { status: 200 },
      { status: 200, range: undefined, bytesSent: BIG_FILE_SIZE * MEBIBYTE },
    ])
    await story(page, /^Starting over: the .* MiB that were here are discarded\.$/)
    const told = await page.locator('#big-story li').allTextContents()
    t.notOk(
      told.some((text) => text.includes('another version')),
      'the same version is not called another one',
    )
  })
}

async function byTheBrowser(t: Test, demo: Demo): Promise<void> {
  const served = collect(t)
  await visit(t, { demo }, async (page) => {
    await page.click('#break-replace')
    await story(page, 'another version of the file')
    await slowDown(page)
    await removeSaved(demo)
    await page.click('#big-native')
    await page.locator('#log-rows tr', { hasText: 'under way' }).filter({ hasText: 'big.bin' }).waitFor()
    await saved(demo, 1)
    await page.click('#break-cut')
    await story(page, CUT_SOME)
    // Firefox waits until the visitor presses Retry, which is outside the page.
    if (demo.start.engine === 'Firefox') return
    const content = await saved(demo, BIG_FILE_SIZE * MEBIBYTE)
    t.equal(sha256(content), await hashOnServer(demo), 'bit-exact')
    const [first, second] = downloads(served)
    t.match(first, { status: 200, outcome: 'aborted' })
    t.match(second, { status: 206, ifRange: first?.etag, outcome: 'served' })
    t.ok((second?.start ?? 0) > 0, `from byte ${second?.start}`)
  })
}

/** Runs the tests of broken downloads. */
export async function bigFile(t: Test, demo: Demo): Promise<void> {
  await t.test('a download that is cut resumes by a range, and is complete and exact', (t) => isCut(t, demo))
  await t.test('a download whose file is replaced starts over, and mixes no versions', (t) =>
    isReplaced(t, demo),
  )
  await t.test('a download can be started over', (t) => isStartedOver(t, demo))
  await t.test('a download by the browser itself resumes when the file is seconds old', (t) =>
    byTheBrowser(t, demo),
  )
}
