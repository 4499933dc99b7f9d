// How the page looks and how it is operated, in every state that a visitor can bring it to.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Demo, says, visit } from './browser.ts'
import { boxFaults, HEIGHT, loadAxe, NARROWEST, unmarkedControls, violations, WIDTHS } from './looks.ts'
import { EXPECTED, STATES, type State } from './states.ts'
import { send } from './try-it.ts'

const TABLET = 768
const DESKTOP = { width: 1280, height: HEIGHT }

/** Looks at a state in a light page, at all widths. */
async function lookAt(t: Test, page: Page, { name, within, widths = WIDTHS }: State): Promise<void> {
  t.same(await violations(page, within, 'all'), [], `${name}: axe finds nothing`)
  for (const width of widths) {
    await page.setViewportSize({ width, height: HEIGHT })
    t.same(await boxFaults(page, within), [], `${name}: nothing is cut or covered (${width} px)`)
  }
  await page.setViewportSize(DESKTOP)
}

/** Forced colours are the visitor's own. What the page adds to them is looked at once, in a test of its own. */
async function otherSettings(t: Test, page: Page, { name, within }: State): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' })
  t.same(await violations(page, within, 'colours'), [], `${name}: axe finds nothing (dark)`)
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' })
  t.same(await boxFaults(page, within), [], `${name}: nothing is cut or covered (forced colours)`)
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' })
}

/** At the end everything is there to look at: also the layouts of narrower pages, in all settings. */
async function everyWidth(t: Test, page: Page, isChromium: boolean): Promise<void> {
  for (const width of [NARROWEST, TABLET]) {
    await page.setViewportSize({ width, height: HEIGHT })
    t.same(await violations(page, 'html', 'all'), [], `axe finds nothing (${width} px)`)
    if (isChromium)
      await otherSettings(t, page, { name: `${width} px`, within: 'html', reach: async () => {} })
  }
}

async function everyState(t: Test, demo: Demo): Promise<void> {
  const isChromium = demo.start.engine === 'Chromium'
  await visit(t, { demo, expected: EXPECTED, viewport: DESKTOP }, async (page) => {
    await loadAxe(page)
    for (const state of STATES) {
      await state.reach(page)
      // In Firefox, where this is slow, the whole page is looked at in the first state and in the last.
      if (!isChromium && state.within !== 'html') continue
      await lookAt(t, page, state)
      if (isChromium) await otherSettings(t, page, state)
    }
    await everyWidth(t, page, isChromium)
  })
}

/** The difference that a visitor sees between two elements: their colours and their borders. */
function looks(page: Page, selector: string): Promise<string> {
  return page.evaluate(`(() => {
    const { backgroundColor, borderTopColor, borderTopStyle, color, fill } = getComputedStyle(document.querySelector('${selector}'))
    return [backgroundColor, borderTopColor, borderTopStyle, color, fill].join(' ')
  })()`)
}

async function forcedColours(t: Test, demo: Demo): Promise<void> {
  await visit(
    t,
    { demo, appearance: { forcedColors: 'active' }, expected: EXPECTED, viewport: DESKTOP },
    async (page) => {
      t.equal(await page.evaluate('matchMedia("(forced-colors: active)").matches'), true)
      await page.click('#walk-toggle')
      await says(page, '#walk-status', /^(8|\d\d+) of/)
      await page.click('#walk-toggle')
      const [empty, received, last] = await Promise.all(
        ['.cell:last-child', '.cell.received:not(.last)', '.cell.last'].map((cell) => looks(page, cell)),
      )
      t.equal(new Set([empty, received, last]).size, 3, `${empty}; ${received}; ${last}`)
      t.same(await unmarkedControls(page), [], 'every control has a visible border')
      await send(page)
      await loadAxe(page)
      t.same(await violations(page, 'html', 'colours'), [], 'axe finds nothing')
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: HEIGHT })
        t.same(await boxFaults(page, 'html'), [], `nothing is cut or covered (${width} px)`)
      }
    },
  )
}

const LIGHTNESS = 'parseInt(getComputedStyle(document.body).backgroundColor.slice(4))'
const MOVING = `document.getAnimations().length + (getComputedStyle(document.documentElement).scrollBehavior === 'smooth' ? 1 : 0)`

/** One visitor has both, so that Firefox is started once. */
async function darkAndStill(t: Test, demo: Demo): Promise<void> {
  const appearance = { colorScheme: 'dark', reducedMotion: 'reduce' } as const
  await visit(t, { demo, appearance, viewport: { width: 390, height: HEIGHT } }, async (page) => {
    t.ok(Number(await page.evaluate(LIGHTNESS)) < 128, 'the page is dark')
    t.equal(await page.evaluate(MOVING), 0, 'nothing moves')
    await send(page)
    await loadAxe(page)
    t.same(await violations(page, 'html', 'colours'), [], 'axe finds nothing')
  })
}

async function onPhone(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo, viewport: { width: 360, height: 740 } }, async (page) => {
    t.ok(Number(await page.evaluate(LIGHTNESS)) > 128, 'the page is light')
    await send(page)
    t.same(await boxFaults(page, 'html'), [], 'nothing is wider than the screen')
    const names = await page.evaluate(`Array.from(document.querySelector('#log-rows tr').cells, (cell) =>
        getComputedStyle(cell, '::before').display + ': ' + cell.dataset.label)`)
    const titles = await page.locator('#log th').allTextContents()
    t.same(
      names,
      titles.map((title) => `block: ${title}`),
      'each cell of the log has its name',
    )
  })
}

/** Presses Tab through the whole page. Returns what had the focus, and what showed none. */
async function tabThrough(page: Page): Promise<{ focused: Set<string>; unmarked: string[] }> {
  await page.evaluate(
    `document.querySelectorAll('a, button, input, select, video, [tabindex]').forEach((e, i) => { e.dataset.nth = i })`,
  )
  const focused = new Set<string>()
  const unmarked: string[] = []
  for (;;) {
    await page.keyboard.press('Tab')
    const { nth, outline } = await page.evaluate<{ nth: string | undefined; outline: string }>(`(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
      // The player draws the focus on its own controls, where the page cannot look.
      const isPlayer = document.activeElement.matches('video')
      return { nth: document.activeElement.dataset.nth, outline: isPlayer ? 'video ' : outlineStyle + ' ' + outlineWidth }
    })()`)
    if (nth === undefined || (focused.has(nth) && nth === '0')) return { focused, unmarked }
    if (!/^(solid|auto) [1-9]|^video /.test(outline)) unmarked.push(`${nth}: ${outline}`)
    focused.add(nth)
  }
}

async function byTab(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo, viewport: DESKTOP }, async (page) => {
    const { focused, unmarked } = await tabThrough(page)
    const all = await page.evaluate<string[]>(`Array.from(document.querySelectorAll('[data-nth]'))
        .filter((e) => e.checkVisibility() && !e.disabled).map((e) => e.dataset.nth)`)
    t.same(
      all.filter((nth) => !focused.has(nth)),
      [],
      'nothing is left out',
    )
    t.same(unmarked, [], 'the focus is visible')
  })
}

const TESTS: Record<string, (t: Test, demo: Demo) => Promise<void>> = {
  'in every state axe finds nothing, and nothing is cut': everyState,
  'with forced colours, everything is there, and bytes and ranges differ visibly': forcedColours,
  'a visitor who wants a dark page without motion gets it': darkAndStill,
  'the page fits a phone': onPhone,
  'everything can be reached by Tab, and shows that it has the focus': byTab,
}

/** Runs the tests of how the page looks. */
export async function appearance(t: Test, demo: Demo): Promise<void> {
  for (const [name, run] of Object.entries(TESTS)) await t.test(name, (t) => run(t, demo))
}
