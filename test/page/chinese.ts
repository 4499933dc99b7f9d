// The page for a visitor whose browser asks for Chinese.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { slowDown } from './big-file-panel.ts'
import { type Demo, type Visit, visit } from './browser.ts'
import { boxFaults, HEIGHT, loadAxe, violations, WIDTHS } from './looks.ts'
import { englishWords, rememberTexts, seenTexts } from './seen-texts.ts'

/** The elements in translated texts, with their attributes. A URL names the visit, which is not compared. */
function markup(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(`Object.fromEntries(Array.from(document.querySelectorAll('[data-text]'), (element) => [
    element.dataset.text,
    Array.from(element.querySelectorAll('*'), (inner) =>
      inner.cloneNode().outerHTML.replace(/from=[\\w-]+/, '')).sort(),
  ]))`)
}

/** In each frame, the heading if it can be seen. */
const REMEMBER_HEADINGS = `
  globalThis.seenHeadings = new Set()
  const look = () => {
    const heading = document.querySelector('h1')
    if (heading !== null && getComputedStyle(heading).visibility === 'visible') seenHeadings.add(heading.textContent)
    requestAnimationFrame(look)
  }
  look()
`

const story = (page: Page, text: string): Promise<void> =>
  page.locator('#big-story li', { hasText: text }).first().waitFor()

/** What a visitor does, in parts. After each of them, no text of the page was English. */
const PARTS: Record<string, { expected?: RegExp; act: (page: Page) => Promise<void> }> = {
  'the walk': {
    act: async (page) => {
      await page.selectOption('#walk-pace', '200')
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: '/ 284 字节' }).waitFor()
      await page.keyboard.press('Escape')
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: '已暂停' }).waitFor()
      await page.selectOption('#walk-pace', '0')
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: '完成：284 字节。' }).waitFor()
      await page.click('#walk-reset')
    },
  },
  'the big file': {
    expected: /net::ERR_\w+ .*\/lab\/|NetworkError/,
    act: async (page) => {
      await slowDown(page)
      await page.click('#big-toggle')
      await page.locator('#big-received', { hasText: /^[1-9]\d?\.\d MiB \/ 12/ }).waitFor()
      await page.click('#break-cut')
      await story(page, '206：仍是同一个版本')
      await page.selectOption('#big-rate', '')
      await page.click('#break-replace')
      await story(page, '200：另一个版本')
      await story(page, '完成，逐字节一致')
      await page.click('#break-replace')
      await page.locator('#big-story li', { hasText: '现在是另一个版本' }).nth(1).waitFor()
      await page.click('#big-toggle')
      await story(page, '服务器在这之后已换成别的版本')
      await page.click('#break-cut')
      await page.selectOption('#big-rate', '1')
      await page.click('#big-reset')
      await page.locator('#big-speed', { hasText: '/s' }).waitFor()
      await page.click('#big-toggle')
      await story(page, '已暂停')
    },
  },
  'a download of an earlier visit': { act: (page) => story(page, '上次访问时收到的') },
  'the video': {
    act: async (page) => {
      await page.click('[data-seek="21"]')
      await page.locator('#clip-ranges li').nth(1).waitFor()
      await page.click('[data-seek="3"]')
      await page.locator('#clip-ranges li', { hasText: /字节/ }).first().waitFor()
    },
  },
  'the other origin': {
    expected: /blocked by CORS policy|net::ERR_FAILED|Cross-Origin Request Blocked/,
    act: async (page) => {
      for (const [way, says] of [
        ['none', '什么都读不到'],
        ['origin', '无法安全续传'],
        ['recipe', '安全续传所需的都有了'],
      ] as const) {
        await page.click(`[data-origin="${way}"]`)
        await page.locator('#origins-result .verdict', { hasText: says }).waitFor()
      }
    },
  },
  'the form and the curl lines': {
    expected: /status of 416/,
    act: async (page) => {
      for (const preset of await page.locator('.presets button').all()) {
        await preset.click()
        await page.evaluate('document.querySelector("#try-result").replaceChildren()')
        await page.click('#try-form [type="submit"]')
        await page.locator('#try-result .parts').waitFor()
      }
      await page.locator('#curl-lines button').first().click()
      await page.locator('#curl-lines', { hasText: /已复制|已选中/ }).waitFor()
      await page.click('#log-clear')
    },
  },
}

async function staysChinese(t: Test, demo: Demo): Promise<void> {
  const context: Visit['context'] = { locale: 'zh-CN' }
  const expected = new RegExp(
    Object.values(PARTS)
      .flatMap((part) => part.expected?.source ?? [])
      .join('|'),
  )
  await visit(t, { demo, context, expected }, async (page) => {
    for (const [name, { act }] of Object.entries(PARTS)) {
      if (name.includes('earlier')) await page.reload()
      await rememberTexts(page)
      await act(page)
      const texts = await seenTexts(page)
      t.ok(texts.length > 100, `${name}: ${texts.length} texts`)
      t.strictSame(
        texts.filter((text) => englishWords(text).length > 0),
        [],
        name,
      )
    }
    await loadAxe(page)
    t.same(await violations(page, 'html', 'all'), [], 'axe finds nothing')
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHT })
      t.same(await boxFaults(page, 'html'), [], `nothing is cut or covered (${width} px)`)
    }
  })
}

/** Runs the tests of the Chinese page. */
export async function chinese(t: Test, demo: Demo): Promise<void> {
  await t.test('a browser that prefers Chinese gets the page in Chinese, and can switch', async (t) => {
    // Firefox reports requests that end because the page is left.
    await visit(t, { demo, context: { locale: 'zh-CN' }, expected: /NetworkError/ }, async (page) => {
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

  await t.test('no text of the Chinese page is English, whatever a visitor does', (t) =>
    staysChinese(t, demo),
  )

  await t.test('what the server sends is in no language of the page', async (t) => {
    await visit(t, { demo, context: { locale: 'zh-CN' } }, async (page) => {
      await page.click('#try-form [type="submit"]')
      await page.locator('#try-result .parts').waitFor()
      for (const content of ['#walk-text', '.part pre:last-child']) {
        t.equal(await page.locator(content).first().getAttribute('lang'), '', content)
      }
    })
  })

  await t.test('nothing is shown before it is Chinese', async (t) => {
    await visit(t, { demo, context: { locale: 'zh-CN' }, before: REMEMBER_HEADINGS }, async (page) => {
      t.same(await page.evaluate('Array.from(seenHeadings)'), ['字节范围请求，看得见'])
    })
  })

  await t.test('without its scripts the page is shown in English, and says so', async (t) => {
    const context = await demo.browser.newContext({ locale: 'zh-CN' })
    t.teardown(() => context.close())
    const page = await context.newPage()
    await page.route('**/js/texts.js', (route) => route.abort())
    await page.goto(demo.url)
    await page.getByRole('heading', { name: 'Byte ranges at work' }).waitFor()
    t.equal(await page.getAttribute('html', 'lang'), 'en')
  })
}
