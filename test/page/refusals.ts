// What the page says and does when a browser or a server refuses, and when a visitor is quick.
import { buildServer } from 'demo-server'
import type { Page, Route } from 'playwright-core'
import type { Test } from 'tap'
import { slowDown } from './big-file-panel.ts'
import { BIG_FILE_SIZE, type Demo, says, visit, write } from './browser.ts'

const story = (page: Page): Promise<string[]> => page.locator('#big-story li').allTextContents()

/** The storage of a browser that lets pages keep nothing under their name. */
const FORBIDDEN = `Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('', 'SecurityError') },
})`

/** Runs the tests of refusals and of quick visitors. */
export async function refusals(t: Test, demo: Demo): Promise<void> {
  await t.test('without localStorage the big file arrives all the same', async (t) => {
    await visit(t, { demo, before: FORBIDDEN }, async (page) => {
      await page.selectOption('#big-store', 'indexed')
      await page.selectOption('#big-rate', '')
      await page.click('#big-toggle')
      await says(page, '#big-story', 'Complete and the same, byte for byte')
    })
  })

  await t.test('two tabs do not mix their pieces: the one that was begun last continues', async (t) => {
    await visit(t, { demo }, async (page, context) => {
      const second = await context.newPage()
      await second.goto(demo.url)
      for (const tab of [page, second]) await tab.selectOption('#big-store', 'indexed')
      await slowDown(page)
      await page.click('#big-toggle')
      await says(page, '#big-received', /^[1-9]\.\d MiB/)
      await second.selectOption('#big-rate', '')
      await second.click('#big-toggle')
      await says(page, '#big-story', 'Stopped: Another tab is downloading this file.')
      await says(second, '#big-story', 'Complete and the same, byte for byte')
    })
  })

  await t.test('a server that is gone, or was started again, is not taken for a refusal', async (t) => {
    const options = { files: demo.files, dataDir: demo.dataDir, bigFileSize: BIG_FILE_SIZE }
    const before = await buildServer(options)
    const url = await before.listen({ port: 0 })
    const expected = /net::ERR_|NetworkError|can.t establish|\/(?:events|lab|settings|js)\b/
    await visit(t, { demo: { ...demo, url }, expected }, async (page) => {
      await page.locator('#clip-ranges li').first().waitFor()
      await before.close()
      await says(page, '#log-state', 'reconnecting')
      await page.click('[data-origin="recipe"]')
      await says(page, '#origins-result', 'No answer: the connection was lost.')
      await page.getByRole('button', { name: 'this version' }).click()
      await says(page, '#try-result', 'No answer: the connection was lost.')
      await page.click('#big-toggle')
      await says(page, '#big-story', /Connection lost|The connection to the server was lost/)

      const after = await buildServer(options)
      t.teardown(() => after.close())
      await after.listen({ port: Number(new URL(url).port) })
      await page.click('[data-origin="recipe"]')
      await says(page, '#origins-result', 'its other origin has another port. Reload this page.')
    })
  })

  // What follows from the scripts alone is the same in every browser.
  if (demo.start.engine === 'Chromium') await quickVisitor(t, demo)

  await t.test('p pauses the walk also from its own fields, and is not written there', async (t) => {
    await visit(t, { demo }, async (page) => {
      for (const field of ['#walk-pace', '#walk-step']) {
        await write(page, '#walk-step', '4')
        await page.click('#walk-toggle')
        await says(page, '#walk-status', /^\d+ of/)
        await page.focus(field)
        await page.keyboard.press('p')
        await says(page, '#walk-status', /^Paused at byte \d+\. Press any letter except p/)
        t.equal(await page.inputValue('#walk-step'), '4')
      }
    })
  })

  await t.test('text of twice the size fits the narrowest screen', async (t) => {
    await visit(t, { demo, viewport: { width: 320, height: 800 } }, async (page) => {
      const width = await page.evaluate(`(() => {
        document.documentElement.style.fontSize = '200%'
        const { scrollWidth, clientWidth } = document.documentElement
        return scrollWidth - clientWidth
      })()`)
      t.equal(width, 0)
    })
  })
}

async function press(page: Page, selectors: readonly string[]): Promise<void> {
  for (const selector of selectors) await page.click(selector)
}

async function quickVisitor(t: Test, demo: Demo): Promise<void> {
  await t.test('two presses on Start over are one', async (t) => {
    await visit(t, { demo }, async (page) => {
      await slowDown(page)
      await page.click('#big-toggle')
      await says(page, '#big-received', /^[1-9]\.\d MiB/)
      await page.selectOption('#big-rate', '')
      await page.dblclick('#big-reset')
      await says(page, '#big-story', 'Complete and the same')
      await page.click('#big-toggle')
      await page.locator('#big-story li', { hasText: 'Complete and the same' }).nth(1).waitFor()
      const lines = await story(page)
      t.equal(lines.filter((line) => line.startsWith('200:')).length, 2, lines.join('\n'))
    })
  })

  await t.test('of two answers the one to the last request stays, also if it comes first', async (t) => {
    await visit(t, { demo, expected: /CORS|Cross-Origin|net::ERR_FAILED|status of 416/ }, async (page) => {
      for (const { path, first, second, result, shown } of [
        {
          path: '**/content.txt*',
          first: ['[data-range="bytes=0-3"]', '#try-form [type="submit"]'],
          second: ['[data-range="bytes=90000-"]', '#try-form [type="submit"]'],
          result: '#try-result',
          shown: '416',
        },
        {
          path: '**/recipe/2.txt*',
          first: ['[data-origin="recipe"]'],
          second: ['[data-origin="none"]'],
          result: '#origins-result',
          shown: 'Nothing at all',
        },
      ]) {
        const held: Route[] = []
        await page.route(path, (route) => (held.length === 0 ? void held.push(route) : route.continue()))
        await Promise.all([page.waitForRequest(path), press(page, first)])
        await press(page, second)
        await says(page, result, shown)
        await Promise.all([page.waitForEvent('requestfinished'), held[0]?.continue()])
        t.match(await page.textContent(result), shown)
      }
    })
  })
}
