// What is true of the page as a whole.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Demo, says, visit } from './browser.ts'

async function foreignName(t: Test, { browser, url }: Demo): Promise<void> {
  const page = await browser.newPage()
  t.teardown(() => page.close())
  const answer = await page.goto(url.replace('127.0.0.1', 'demo.example'))
  t.equal(answer?.status(), 421)
}

async function policy(t: Test, { url }: Demo): Promise<void> {
  const answer = await fetch(url)
  const policy = answer.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'/)
  t.match(policy, /script-src 'self'(;|$)/)
  t.notMatch(policy, /unsafe|data:|blob:/)
  t.notMatch(await answer.text(), /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/)
}

async function byKeyboard(t: Test, page: Page): Promise<void> {
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the demo')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate('document.activeElement.closest("section").id'), 'walk')
  await page.focus('#walk-toggle')
  await page.keyboard.press('Enter')
  await says(page, '#walk-status', /of 284/)
  await page.keyboard.press('Space')
  await says(page, '#walk-status', 'Paused')
  const unnamed =
    await page.evaluate(`Array.from(document.querySelectorAll('button, input, select, a, video'))
      .filter((e) => e.tagName !== 'VIDEO' && !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length`)
  t.equal(unnamed, 0, 'every control has a name')
}

async function documents(t: Test, page: Page): Promise<void> {
  const links = await page.evaluate<string[]>(
    `Array.from(document.querySelectorAll('#use a'), ({ href }) => href)`,
  )
  t.ok(links.length >= 5)
  for (const link of links) {
    const answer = await fetch(link)
    t.match(answer.headers.get('content-type'), 'text/plain', link)
    t.match(await answer.text(), /^# /, 'the document')
  }
}

/** Runs the tests of the whole page. */
export async function wholePage(t: Test, demo: Demo): Promise<void> {
  await t.test('the page is refused under a host name of another site', (t) => foreignName(t, demo))
  await t.test('the page has a strict policy and no inline code', (t) => policy(t, demo))
  await visit(t, { demo }, async (page) => {
    await t.test('the page can be used by the keyboard alone', (t) => byKeyboard(t, page))
    await t.test('the links to install and to the documents lead there', (t) => documents(t, page))
  })
}
