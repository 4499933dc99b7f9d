// Each section lists the requests that it has sent in this visit, and no others.
import type { Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { slowDown } from './big-file-panel.ts'
import { type Demo, visit, write } from './browser.ts'

const lines = (page: Page, section: string): Locator => page.locator(`[data-requests="${section}"] li`)

async function walkToTheEnd(page: Page): Promise<void> {
  await write(page, '#walk-step', '100')
  await page.selectOption('#walk-pace', '0')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: 'Complete' }).waitFor()
}

const WALKED = [
  'GET /2.txt, bytes=200-299, if unchanged: 206, 84 bytes',
  'GET /2.txt, bytes=100-199, if unchanged: 206, 100 bytes',
  'GET /2.txt, bytes=0-99: 206, 100 bytes',
]

/** Runs the tests of the lists of requests. */
export async function ownRequests(t: Test, demo: Demo): Promise<void> {
  await t.test('a section lists its own requests, not those of another tab, client or visit', async (t) => {
    await visit(t, { demo }, async (page, context) => {
      const other = await context.newPage()
      await other.goto(demo.url)
      await other.locator('#log-state', { hasText: 'live' }).waitFor()
      await (await fetch(new URL('2.txt', demo.url), { headers: { range: 'bytes=7-8' } })).arrayBuffer()
      await walkToTheEnd(page)
      await lines(page, 'walk').filter({ hasText: '84 bytes' }).waitFor()
      t.same(await lines(page, 'walk').allTextContents(), WALKED)

      const rows = other.locator('#log-rows tr')
      await rows.filter({ hasText: 'bytes=200-299' }).filter({ hasText: ' ms' }).waitFor()
      t.equal(await rows.filter({ hasText: 'bytes=7-8' }).count(), 1, 'the live log has all clients')
      t.equal(await lines(other, 'walk').count(), 0, 'the other tab has asked for nothing')
      t.equal(await rows.filter({ hasText: 'from=walk' }).filter({ hasText: 'this page' }).count(), 0)
      const own = page.locator('#log-rows tr', { hasText: 'this page' }).filter({ hasText: 'from=walk' })
      t.equal(await own.count(), WALKED.length, 'the live log marks the requests of this page')

      await page.reload()
      await page.locator('#log-rows tr', { hasText: 'bytes=200-299' }).waitFor()
      t.equal(await lines(page, 'walk').count(), 0, 'a reload is another visit')
    })
  })

  await t.test('every section lists what it asks for', async (t) => {
    await visit(
      t,
      { demo, expected: /CORS policy|net::ERR_FAILED|Cross-Origin Request Blocked/ },
      async (page) => {
        await page.getByRole('button', { name: 'Send' }).click()
        await lines(page, 'try').filter({ hasText: 'GET /content.txt, bytes=0-3, 20-29, -12: 206' }).waitFor()
        await page.getByRole('button', { name: 'The recipe' }).click()
        await lines(page, 'origins')
          .filter({ hasText: '/recipe/2.txt, bytes=4-7, if unchanged: 206, 4 bytes' })
          .waitFor()
        await slowDown(page)
        await page.click('#big-toggle')
        await lines(page, 'big').filter({ hasText: 'GET /lab/big.bin: 200, under way' }).waitFor()
        await page.click('#big-toggle')
        await lines(page, 'big')
          .filter({ hasText: /^GET \/lab\/big\.bin: 200, broken off after [\d,]+ bytes$/ })
          .waitFor()
        t.ok((await lines(page, 'video').count()) > 0, 'the player has asked too')
      },
    )
  })

  await t.test('the video shows the ranges of this visit only', async (t) => {
    await visit(t, { demo }, async (page, context) => {
      await lines(page, 'video').first().waitFor()
      const second = await context.newPage()
      await second.goto(demo.url)
      await lines(second, 'video').first().waitFor()
      const before = await lines(page, 'video').allTextContents()
      await second.click('[data-seek="28"]')
      const asked = lines(second, 'video').filter({ hasText: /bytes=3\d{7}-/ })
      await Promise.race([asked.first().waitFor(), second.locator('#clip-status:not(:empty)').waitFor()])
      t.same(await lines(page, 'video').allTextContents(), before)
    })
  })
}
