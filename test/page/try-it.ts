import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import t from 'tap'
import { visit, withEachBrowser } from './browser.ts'

const CONTENT = await readFile(new URL('../files/content.txt', import.meta.resolve('demo-server')))
const STALE = '"another-version"'

/** Resolves when the page has found out the version. */
const FILLED = `new Promise((resolve) => {
  const look = () => (document.querySelector('#try-if-range').value ? resolve() : setTimeout(look, 20))
  look()
})`

const filled = async (page: Page): Promise<string[]> => [
  await page.inputValue('#try-range'),
  await page.inputValue('#try-if-range'),
]

const example = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click()

async function send(page: Page): Promise<void> {
  await page.evaluate('document.querySelector("#try-result").replaceChildren()')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('#try-result .verdict').waitFor()
}

await withEachBrowser(t, async (t, demo) => {
  await t.test('each example fills or empties every field', async (t) => {
    await visit(t, { demo }, async (page) => {
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
      t.equal(
        await page.locator('.presets button').count(),
        cases.length + 1,
        'every example, and this version',
      )
      for (const { name, range, ifRange } of cases) {
        await page.fill('#try-range', 'left from before')
        await page.fill('#try-if-range', 'left from before')
        await example(page, name)
        t.same(await filled(page), [range, ifRange], name)
      }
      await example(page, 'this version')
      const etag = (await fetch(new URL('content.txt', demo.url))).headers.get('etag')
      await page.evaluate(FILLED)
      t.same(await filled(page), ['bytes=4-', etag], 'this version')
    })
  })

  await t.test(
    'bytes that are no whole character are shown as bytes, and the preview cuts none',
    async (t) => {
      await visit(t, { demo }, async (page) => {
        const first = CONTENT.findIndex((byte) => byte >= 0xe0)
        const cut = { start: first + 1, end: first + 4 }
        await page.fill('#try-range', `bytes=${cut.start}-${cut.end}`)
        await send(page)
        const inHex = (start: number, end: number): string =>
          [...CONTENT.subarray(start, end)].map((byte) => byte.toString(16)).join(' ')
        const rest = await page.locator('#try-result .rest').allTextContents()
        t.same(rest, [inHex(first + 1, first + 3), inHex(first + 4, first + 5)])

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
        t.equal(
          await page.textContent('#try-result .mono'),
          '89 50 4e 47 0d 0a 1a 0a 00 00 00 0d',
          'all of it',
        )
      })
    },
  )

  await t.test('a value that no field may have is not sent', async (t) => {
    await visit(t, { demo }, async (page) => {
      await page.fill('#try-range', 'bytes=0–3')
      await send(page)
      t.equal(
        await page.textContent('#try-result .verdict'),
        'Not sent: Range has a character that no header field may have.',
      )
    })
  })
})
