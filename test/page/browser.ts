import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buildServer } from 'demo-server'
import type { RangeSource } from 'fastify-send-range'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Appearance, type Engine, findProgram, launch, type Start } from './engines.ts'
import { REMEMBER_TEXTS, seenTexts } from './seen-texts.ts'

export const MEBIBYTE: number = 1024 * 1024
/** The size of the big file in most tests, in MiB. At 1 MiB/s, there is time to break it. */
export const BIG_FILE_SIZE = 12

/** A demo server and a browser that opens it. */
export interface Demo {
  url: string
  /** Its own copy of the walk's files. */
  files: string
  /** The folder of the files that it generates. */
  dataDir: string
  browser: Browser
  /** How the browser was started. */
  start: Start
  /** All texts that the page has shown in English so far. */
  shown: Set<string>
  /** A browser for a visitor with these settings. Firefox is started once for each. */
  browserFor: (appearance: Appearance | undefined) => Promise<Browser>
}

/** Starts a demo with a small big file, and a browser. `source` has its other files, if not a folder. Without the browser, fails in CI, and is skipped elsewhere. */
export async function startDemo(t: Test, engine: Engine, source?: RangeSource): Promise<Demo | undefined> {
  const executablePath = await findProgram(engine)
  if (executablePath === undefined) {
    if (process.env['CI']) t.fail(`CI needs ${engine} on the PATH`)
    else t.pass(`the page in ${engine}`, { skip: `no ${engine} on the PATH` })
    return undefined
  }
  const folder = t.testdir()
  const [files, dataDir, downloadsPath] = ['files', 'data', 'downloads'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  await cp(new URL('../files/', import.meta.resolve('demo-server')), files, { recursive: true })
  const app = await buildServer({ files, source, dataDir, bigFileSize: BIG_FILE_SIZE })
  const url = await app.listen({ port: 0 })
  const start = { engine, executablePath, downloadsPath }
  const browsers = new Map<string, Promise<Browser>>()
  const browserFor: Demo['browserFor'] = (appearance = {}) => {
    // Chromium has the appearance in the context. A light page is the usual one.
    const { colorScheme, ...others } = engine === 'Chromium' ? {} : appearance
    const own = { ...(colorScheme === 'dark' && { colorScheme }), ...others }
    const key = JSON.stringify(own)
    const browser = browsers.get(key) ?? launch({ ...start, appearance: own })
    browsers.set(key, browser)
    return browser
  }
  t.teardown(async () => {
    for (const browser of browsers.values()) await (await browser).close()
    await app.close()
  })
  return { url, files, dataDir, browser: await browserFor({}), start, shown: new Set(), browserFor }
}

/** How to open the page. */
export interface Visit {
  demo: Demo
  /** Errors of the page and in the browser's console that the test expects. All others fail the test. */
  expected?: RegExp
  appearance?: Appearance
  context?: Parameters<Browser['newContext']>[0]
  viewport?: { width: number; height: number }
  /** Runs in the page before its own scripts. */
  before?: string
  /** URLs whose connections are cut. */
  unanswered?: string
  /** The host name in the URL. Default: 127.0.0.1. */
  hostname?: string
}

/** Opens the demo's page in a new context. After `look`, checks the console. */
export async function visit(
  t: Test,
  {
    demo,
    expected,
    appearance,
    context: options,
    viewport,
    before,
    unanswered,
    hostname = '127.0.0.1',
  }: Visit,
  look: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const browser = await demo.browserFor(appearance)
  const context = await browser.newContext({
    ...options,
    ...(viewport && { viewport }),
    ...(demo.start.engine === 'Chromium' && appearance),
  })
  // Several browsers run at the same time, on few cores.
  context.setDefaultTimeout(120_000)
  await context.addInitScript({ content: REMEMBER_TEXTS })
  const page = await context.newPage()
  const errors: string[] = []
  const note = (text: string): void => {
    if (!expected?.test(text)) errors.push(text)
  }
  page.on('pageerror', (error) => note(String(error)))
  page.on('console', (message) => {
    const isBad = message.type() === 'error' || message.type() === 'warning'
    if (isBad) note(`${message.text()} ${message.location().url}`)
  })
  try {
    if (unanswered !== undefined) await page.route(unanswered, (route) => route.abort())
    if (before !== undefined) await page.addInitScript({ content: before })
    await page.goto(demo.url.replace('127.0.0.1', hostname))
    await page.locator('#log-state.good').waitFor()
    await look(page, context)
    if (!page.isClosed() && options?.locale === undefined)
      for (const text of await seenTexts(page)) demo.shown.add(text)
  } finally {
    await context.close()
  }
  t.same(errors, [], 'nothing unexpected in the console')
}

/** Replaces what is in a text field. In Firefox, Playwright's fill() appends to a number. */
export async function write(page: Page, selector: string, text: string): Promise<void> {
  await page.focus(selector)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.press('Delete')
  await page.keyboard.type(text)
}

/** Waits until an element has this text. */
export function says(page: Page, selector: string, text: string | RegExp): Promise<void> {
  return page.locator(selector, { hasText: text }).first().waitFor()
}

/** Waits until an expression is true in the page. The policy of the page forbids Playwright's own way to wait. */
export function until(page: Page, expression: string): Promise<void> {
  return page.evaluate(`new Promise((resolve) => {
    const look = () => ((${expression}) ? resolve() : setTimeout(look, 20))
    look()
  })`)
}
