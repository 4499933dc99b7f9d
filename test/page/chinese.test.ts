// The page for a visitor whose browser asks for Chinese.
import type { Page } from 'playwright-core'
import t from 'tap'
import { visit, withDemo } from './browser.ts'

/** The elements in translated texts, with their attributes. */
function markup(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(`Object.fromEntries(Array.from(document.querySelectorAll('[data-text]'), (element) => [
    element.dataset.text,
    Array.from(element.querySelectorAll('*'), (inner) => inner.cloneNode().outerHTML).sort(),
  ]))`)
}

await withDemo(t, async (demo) => {
  await t.test('a browser that prefers Chinese gets the page in Chinese, and can switch', async (t) => {
    await visit(t, { demo, context: { locale: 'zh-CN' } }, async (page) => {
      const chinese = await markup(page)
      t.equal(await page.getAttribute('html', 'lang'), 'zh-CN')
      t.equal(await page.textContent('h1'), '字节范围请求，看得见')
      t.equal(await page.getAttribute('.languages', 'aria-label'), '语言')
      t.match(await page.title(), '字节范围')
      await page.getByRole('link', { name: 'English' }).click()
      await page.getByRole('heading', { name: 'Byte ranges at work' }).waitFor()
      t.equal(await page.getAttribute('html', 'lang'), 'en')
      t.equal(await page.isVisible('[hreflang=en]'), false, 'no link to the current language')
      await page.reload()
      t.equal(await page.textContent('h1'), 'Byte ranges at work', 'the choice survives a reload')
      t.strictSame(chinese, await markup(page), 'the same elements inside')
      await page.getByRole('link', { name: '中文' }).click()
      await page.getByRole('heading', { name: '一步一步来' }).waitFor()
    })
  })
})
