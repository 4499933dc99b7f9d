// When there is no space or no network, the page says what has happened and what to do.
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Demo, visit, withDemo } from './browser.ts'

const MEBIBYTE = 1024 * 1024
const FULL =
  'Stopped: This page may not store more here. Free some space, or choose another place to keep the file. Then press the button again.'

/** Lets the page store this many bytes. */
async function allow(context: BrowserContext, page: Page, quotaSize: number): Promise<void> {
  const devtools = await context.newCDPSession(page)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize })
}

const story = (page: Page, text: string | RegExp): Promise<void> =>
  page.locator('#big-story li', { hasText: text }).first().waitFor()

await withDemo(t, async (...given) => {
  const demo = given.at(-1) as Demo
  const parent = given.length > 1 ? (given[0] as unknown as Test) : t
  // Playwright can set neither the quota nor the network of Firefox, which has no dialog for a file either.
  if (demo.browser.browserType().name() === 'firefox') return

  for (const store of ['origin', 'indexed']) {
    await parent.test(
      `a full store (${store}) is named, and the download continues when there is space`,
      async (t) => {
        await visit(t, { demo }, async (page, context) => {
          await allow(context, page, 8 * MEBIBYTE)
          await page.selectOption('#big-store', store)
          await page.selectOption('#big-rate', { label: 'no limit' })
          await page.click('#big-toggle')
          await story(page, FULL)
          t.equal(await page.textContent('#big-toggle'), 'Continue')
          await allow(context, page, 1024 * MEBIBYTE)
          await page.click('#big-toggle')
          await story(page, '206: still the same version')
          await story(page, 'Complete and the same, byte for byte')
        })
      },
    )
  }

  await parent.test(
    'a browser that is offline is named, and the downloads continue when it is online',
    async (t) => {
      await visit(t, { demo, expected: /net::ERR_/ }, async (page, context) => {
        await page.selectOption('#big-rate', '4')
        await page.click('#big-toggle')
        await page.locator('#big-received', { hasText: /^[1-9]\.\d MiB/ }).waitFor()
        await page.click('#walk-toggle')
        await page.locator('#walk-status', { hasText: ' of 284' }).waitFor()
        await context.setOffline(true)
        await page.click('#break-cut')
        await page.locator('#walk-status', { hasText: 'this browser is offline' }).waitFor()
        await page.getByRole('button', { name: 'Send' }).click()
        await page.locator('#try-result', { hasText: 'this browser is offline' }).waitFor()
        await fetch(new URL('lab/cut', demo.url), { method: 'POST' })
        await story(page, 'this browser is offline. Trying again in')
        await page.selectOption('#walk-pace', '0')
        await page.selectOption('#big-rate', { label: 'no limit' })
        await context.setOffline(false)
        await page.locator('#walk-status', { hasText: 'Complete: 284 bytes.' }).waitFor()
        await story(page, 'Complete and the same, byte for byte')
        t.pass('by themselves')
      })
    },
  )

  await parent.test('a file that was not chosen is named', async (t) => {
    const before = `self.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError') }`
    await visit(t, { demo, before }, async (page) => {
      await page.selectOption('#big-store', 'picked')
      await page.click('#big-toggle')
      await story(page, 'Stopped: No file was chosen.')
      t.equal(await page.textContent('#big-toggle'), 'Download')
    })
  })
})
