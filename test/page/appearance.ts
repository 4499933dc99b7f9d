// How the page looks and how it is operated, in every state that a visitor can bring it to.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Demo, visit, withEachBrowser } from './browser.ts'
import type { Appearance } from './engines.ts'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** 640 is 1280 at 200 %: a browser's zoom makes the page narrower, in its own pixels. */
const WIDTHS = [390, 640, 768, 1280]
const HEIGHT = 800
/** The colours are those of the same style sheet. */
const COLOUR_SCHEMES = { Chromium: ['light', 'dark'], Firefox: ['light'] } as const
/** Messages for cut connections and refused answers, in the words of both browsers. */
const EXPECTED = /net::ERR_|CORS|Cross-Origin Request Blocked|status of 4\d\d|NetworkError/

const says = (page: Page, selector: string, text: string | RegExp): Promise<void> =>
  page.locator(selector, { hasText: text }).first().waitFor()

/** What axe finds: the rule, and where. */
function violations(page: Page, within: string): Promise<string[]> {
  return page.evaluate(`axe.run('${within}').then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`)
}

/** The elements that are wider than their box, and the controls that cover each other. */
function faults(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + ' ' + e.textContent.trim().slice(0, 30)
    const all = [...document.querySelectorAll('html, body, body *')].filter((e) => e.checkVisibility() && !e.closest('.cell, .skip'))
    const cut = all.filter((e) => getComputedStyle(e).display !== 'inline' && e.clientWidth > 0 && e.scrollWidth > e.clientWidth)
    const controls = all.filter((e) => e.matches('button, input, select, video') && !e.closest('.story, .scroll'))
    const boxes = controls.map((control) => ({ control, box: control.getBoundingClientRect() }))
    const covered = boxes.filter(({ box: a }, i) => boxes.slice(i + 1).some(({ box: b }) =>
      a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1))
    return [...cut.map((e) => 'cut: ' + name(e)), ...covered.map(({ control }) => 'covered: ' + name(control))]
  })()`)
}

interface State {
  name: string
  /** The part of the page that it changes. */
  within: string
  reach: (page: Page, demo: Demo) => Promise<unknown>
}

const STATES: State[] = [
  { name: 'start', within: 'html', reach: async () => {} },
  {
    name: 'the walk runs',
    within: '#walk',
    reach: async (page) => {
      await page.click('#walk-toggle')
      await says(page, '#walk-status', /^\d+ of/)
    },
  },
  {
    name: 'the walk is paused',
    within: '#walk',
    reach: async (page) => {
      await page.click('#walk-toggle')
      await says(page, '#walk-status', 'Paused')
    },
  },
  {
    name: 'the walk has lost its connection',
    within: '#walk',
    reach: async (page) => {
      await page.route('**/2.txt*', (route) => route.abort())
      await page.click('#walk-toggle')
      await says(page, '#walk-status', 'again')
      await page.unroute('**/2.txt*')
    },
  },
  {
    name: 'the walk has ended',
    within: '#walk',
    reach: async (page) => {
      await page.selectOption('#walk-pace', '0')
      await says(page, '#walk-status', 'Complete')
    },
  },
  {
    name: 'the big file arrives',
    within: '#big',
    reach: async (page) => {
      await page.selectOption('#big-rate', '16')
      await page.click('#big-toggle')
      await says(page, '#big-received', 'MiB of')
    },
  },
  {
    name: 'the big file is cut and resumes',
    within: '#big',
    reach: async (page) => {
      await page.click('#break-cut')
      await says(page, '#big-story li', '206')
    },
  },
  {
    name: 'the big file is paused',
    within: '#big',
    reach: async (page) => {
      await page.click('#big-toggle')
      await says(page, '#big-story li', 'Paused')
    },
  },
  {
    name: 'the big file is complete',
    within: '#big',
    reach: async (page) => {
      await page.selectOption('#big-rate', '')
      await page.click('#big-toggle')
      await says(page, '#big-story li', 'Complete')
    },
  },
  {
    name: 'the video has jumped',
    within: '#video',
    reach: async (page) => {
      await page.click('[data-seek="21"]')
      await page.locator('#clip-ranges li').first().waitFor()
    },
  },
  ...['none', 'origin', 'recipe'].map((way) => ({
    name: `the other origin answers (${way})`,
    within: '#origins',
    reach: async (page: Page) => {
      await page.evaluate('document.querySelector("#origins-result").replaceChildren()')
      await page.click(`[data-origin="${way}"]`)
      await page.locator('#origins-result .verdict').waitFor()
    },
  })),
  ...['bytes=0-3', 'bytes=0-3, 20-29, -12', 'bytes=90000-', 'bytes=four'].map((range) => ({
    name: `an answer to ${range}`,
    within: '#try',
    reach: async (page: Page) => {
      await page.click(`[data-range="${range}"]`)
      await page.evaluate('document.querySelector("#try-result").replaceChildren()')
      await page.click('#try-form [type="submit"]')
      await page.locator('#try-result .parts').waitFor()
    },
  })),
  { name: 'the end', within: 'html', reach: async () => {} },
]

/** The widths at which boxes are measured. In the dark only the colours differ. */
function widths({ colorScheme }: Appearance): number[] {
  return colorScheme === 'dark' ? [] : WIDTHS
}

/** Is the state looked at? In Firefox, where this is slow, only the whole page is: at the start and at the end. */
function isLookedAt({ start }: Demo, { within }: State): boolean {
  return start.engine === 'Chromium' || within === 'html'
}

async function everyState(t: Test, demo: Demo, appearance: Appearance): Promise<void> {
  await visit(
    t,
    { demo, appearance, expected: EXPECTED, viewport: { width: 1280, height: HEIGHT } },
    async (page) => {
      await page.evaluate(`${AXE};0`)
      for (const state of STATES) {
        const { name, within, reach } = state
        await reach(page, demo)
        if (!isLookedAt(demo, state)) continue
        t.same(await violations(page, within), [], `${name}: axe finds nothing`)
        for (const width of widths(appearance)) {
          await page.setViewportSize({ width, height: HEIGHT })
          t.same(await faults(page), [], `${name}: nothing is cut or covered (${width} px)`)
          if (name === 'the end')
            t.same(await violations(page, 'html'), [], `axe finds nothing (${width} px)`)
        }
      }
    },
  )
}

/** The difference that a visitor sees between two elements: their colours and their borders. */
function looks(page: Page, selector: string): Promise<string> {
  return page.evaluate(`(() => {
    const { backgroundColor, borderTopColor, borderTopStyle, color, fill } = getComputedStyle(document.querySelector('${selector}'))
    return [backgroundColor, borderTopColor, borderTopStyle, color, fill].join(' ')
  })()`)
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

await withEachBrowser(t, async (t, demo) => {
  for (const colorScheme of COLOUR_SCHEMES[demo.start.engine]) {
    await t.test(`in every state axe finds nothing, and nothing is cut (${colorScheme})`, (t) =>
      everyState(t, demo, { colorScheme }),
    )
  }

  await t.test('with forced colours, bytes and ranges differ visibly', async (t) => {
    await visit(t, { demo, appearance: { forcedColors: 'active' } }, async (page) => {
      t.equal(await page.evaluate('matchMedia("(forced-colors: active)").matches'), true)
      await page.click('#walk-toggle')
      await says(page, '#walk-status', /^8 of/)
      await page.click('#walk-toggle')
      const [empty, received, last] = await Promise.all(
        ['.cell:last-child', '.cell.received:not(.last)', '.cell.last'].map((cell) => looks(page, cell)),
      )
      t.equal(new Set([empty, received, last]).size, 3, `${empty}; ${received}; ${last}`)
    })
  })

  await t.test('on a phone each cell of the log has its name', async (t) => {
    await visit(t, { demo, viewport: { width: 390, height: HEIGHT } }, async (page) => {
      await page.locator('#log-rows tr').first().waitFor()
      const names = await page.evaluate(`Array.from(document.querySelector('#log-rows tr').cells, (cell) =>
        getComputedStyle(cell, '::before').display + ': ' + cell.dataset.label)`)
      const titles = await page.locator('#log th').allTextContents()
      t.same(
        names,
        titles.map((title) => `block: ${title}`),
      )
    })
  })

  await t.test('everything can be reached by Tab, and shows that it has the focus', async (t) => {
    await visit(t, { demo, viewport: { width: 1280, height: HEIGHT } }, async (page) => {
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
  })

  await t.test('a visitor who wants no motion gets none', async (t) => {
    const moving = `document.getAnimations().length + (getComputedStyle(document.documentElement).scrollBehavior === 'smooth' ? 1 : 0)`
    await visit(t, { demo, appearance: { reducedMotion: 'reduce' } }, async (page) => {
      t.equal(await page.evaluate(moving), 0)
    })
  })

  await t.test('the links to install and to the documents lead there', async (t) => {
    await visit(t, { demo }, async (page) => {
      const links = await page.evaluate<string[]>(
        `Array.from(document.querySelectorAll('#use a'), ({ href }) => href)`,
      )
      t.ok(links.length >= 5)
      for (const link of links) {
        const answer = await fetch(link)
        t.match(answer.headers.get('content-type'), 'text/plain', link)
        t.match(await answer.text(), /^# /, 'the document')
      }
    })
  })
})
