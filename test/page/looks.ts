// What is wrong with how the page looks: by axe, and by the boxes of its elements.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Of the phones that the page is for. */
export const NARROWEST = 390
/** 640 is 1280 at 200 %: a browser's zoom makes the page narrower, in its own pixels. */
export const WIDTHS: readonly number[] = [NARROWEST, 640, 768, 1280]
export const HEIGHT = 800

/** What there is many times, and looks alike: bytes, entries of the log, requests. Axe looks at the first ones. */
const MORE_OF_THE_SAME = [
  '.cell:nth-child(n+12):not(.last)',
  '#log-rows tr:nth-child(n+8)',
  '.story li:nth-child(n+12)',
]

/** Where another colour scheme is looked at, only the colours differ. */
export type Rules = 'all' | 'colours'

/** Loads axe into the page. */
export function loadAxe(page: Page): Promise<unknown> {
  return page.evaluate(`${AXE};0`)
}

/** What axe finds: the rule, and where. */
export function violations(page: Page, within: string, rules: Rules): Promise<string[]> {
  const options = {
    resultTypes: ['violations'],
    ...(rules === 'colours' && { runOnly: ['color-contrast'] }),
  }
  const context = { include: [within], exclude: MORE_OF_THE_SAME }
  return page.evaluate(`axe.run(${JSON.stringify(context)}, ${JSON.stringify(options)}).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`)
}

/** The elements that are wider than their box, and the controls that cover each other or are hidden. */
export function boxFaults(page: Page, within: string): Promise<string[]> {
  return page.evaluate(`(() => {
    const name = (e) => e.tagName.toLowerCase() + (e.id && '#' + e.id) + ' ' + e.textContent.trim().slice(0, 30)
    const part = document.querySelector('${within}')
    const all = [document.documentElement, document.body, part, ...part.querySelectorAll('*')]
      .filter((e) => e.checkVisibility() && !e.closest('.cell, .skip'))
    const cut = all.filter((e) => e.clientWidth > 0 && e.scrollWidth > e.clientWidth && getComputedStyle(e).display !== 'inline')
    const controls = all.filter((e) => e.matches('button, input, select, video') && !e.closest('.story, .scroll'))
    const boxes = controls.map((control) => ({ control, box: control.getBoundingClientRect() }))
    const covered = boxes.filter(({ box: a }, i) => boxes.slice(i + 1).some(({ box: b }) =>
      a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1))
    return [...cut.map((e) => 'cut: ' + name(e)), ...covered.map(({ control }) => 'covered: ' + name(control))]
  })()`)
}

/** The controls and fields without a border or an outline of another colour than what is around them. */
export function unmarkedControls(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const isMarked = (e) => {
      const { borderTopStyle, borderTopWidth, borderTopColor } = getComputedStyle(e)
      return borderTopStyle !== 'none' && parseFloat(borderTopWidth) > 0 &&
        borderTopColor !== getComputedStyle(e.parentElement).backgroundColor
    }
    return Array.from(document.querySelectorAll('button, input, select'))
      .filter((e) => e.checkVisibility() && !isMarked(e)).map((e) => e.id || e.textContent)
  })()`)
}
