import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { buildServer } from 'demo-server'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { Test } from 'tap'
import { type Appearance, ENGINES, type Engine, findProgram, launch, type Start } from './engines.ts'

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
}

/** How long a file of page tests may take, also beside other browsers on few cores. tap's own limit is for files without a browser. */
const LIMIT_MS = 600_000

/** Runs tests in Chromium. Without it they are skipped, which in CI is a failure. */
export async function withDemo(t: Test, run: (demo: Demo) => Promise<void>): Promise<void> {
  t.setTimeout(LIMIT_MS)
  const start = await startOf(t, 'Chromium')
  if (start !== undefined) await run(await startDemo(t, start))
}

/** Runs tests in each browser. Where one is not installed its tests are skipped, which in CI is a failure. */
export async function withEachBrowser(t: Test, run: (t: Test, demo: Demo) => Promise<void>): Promise<void> {
  t.setTimeout(LIMIT_MS)
  for (const engine of ENGINES) {
    await t.test(`in ${engine}`, async (t) => {
      const start = await startOf(t, engine)
      if (start !== undefined) await run(t, await startDemo(t, start))
    })
  }
}

async function startOf(t: Test, engine: Engine): Promise<Start | undefined> {
  const executablePath = await findProgram(engine)
  if (executablePath !== undefined) {
    return { engine, executablePath, downloadsPath: join(t.testdir(), 'downloads') }
  }
  if (process.env['CI']) t.fail(`CI needs ${engine} on the PATH`)
  else t.pass(`the page in ${engine}`, { skip: `no ${engine} on the PATH` })
  return undefined
}

async function startDemo(t: Test, start: Start): Promise<Demo> {
  const [files, dataDir] = ['files', 'data'].map((name) => join(t.testdirName, name)) as [string, string]
  await cp(new URL('../files/', import.meta.resolve('demo-server')), files, { recursive: true })
  const app = await buildServer({ files, dataDir })
  const url = await app.listen({ port: 0 })
  const browser = await launch(start)
  t.teardown(async () => {
    await browser.close()
    await app.close()
  })
  return { url, files, dataDir, browser, start }
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
  /** The host name in the URL. Default: 127.0.0.1. */
  hostname?: string
}

/** Opens the demo's page in a new context. After `look`, checks the console. */
export async function visit(
  t: Test,
  { demo, expected, appearance, context: options, viewport, before, hostname = '127.0.0.1' }: Visit,
  look: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const isOwn = demo.start.engine === 'Firefox' && appearance !== undefined
  const browser = isOwn ? await launch({ ...demo.start, appearance }) : demo.browser
  const context = await browser.newContext({
    ...options,
    ...(viewport && { viewport }),
    ...(isOwn ? {} : appearance),
  })
  // Several browsers run at the same time, on few cores.
  context.setDefaultTimeout(120_000)
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
    if (before !== undefined) await page.addInitScript({ content: before })
    await page.goto(demo.url.replace('127.0.0.1', hostname))
    await page.locator('#log-state.good').waitFor()
    await look(page, context)
  } finally {
    await context.close()
    if (isOwn) await browser.close()
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
