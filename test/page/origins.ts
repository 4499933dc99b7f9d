// What a page of another origin can read, without and with the recipe.
import type { Test } from 'tap'
import { type Demo, says, visit } from './browser.ts'
import { collect } from './server-events.ts'

const CASES = [
  { name: 'No CORS', says: 'Nothing at all', hidden: [] },
  {
    name: 'Origin allowed',
    says: 'The bytes arrive, but the page cannot see their position and version. It cannot resume safely. The page may not even send If-Range.',
    hidden: ['Content-Range', 'Accept-Ranges', 'ETag'],
  },
  {
    name: 'The recipe',
    says: 'Everything that is needed to resume safely. If-Range was allowed, and the answer was 206.',
    hidden: [],
  },
]

/** Runs the tests of the other origin. */
export async function origins(t: Test, demo: Demo): Promise<void> {
  await t.test('another origin shows which fields can be read without and with the recipe', async (t) => {
    const served = collect(t)
    const expected = /blocked by CORS policy|net::ERR_FAILED|Cross-Origin Request Blocked/
    await visit(t, { demo, expected }, async (page) => {
      t.not(await page.textContent('#origins-url'), new URL(demo.url).origin, 'it is another one')
      for (const { name, says: verdict, hidden } of CASES) {
        await page.getByRole('button', { name }).click()
        await says(page, '#origins-result .verdict', verdict)
        const rows = page.locator('#origins-result tr', { hasText: 'hidden' })
        const names = await rows.locator('th').allTextContents()
        for (const field of hidden) t.ok(names.includes(field), `${name}: ${field} is hidden`)
        if (name === 'The recipe') t.same(names, [], 'nothing is hidden')
      }
      const asked = served.filter(({ url }) => url.includes('from=origins'))
      t.match(
        asked.filter(({ ifRange }) => ifRange !== undefined),
        [{ range: 'bytes=4-7', status: 206, ifRange: asked[0]?.etag }],
        'the next four bytes, with If-Range',
      )
    })
  })
}
