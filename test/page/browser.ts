import { constants } from 'node:fs'
import { access, cp } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { buildServer } from 'demo-server'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that is not localhost, so that pages under it are not a secure context.
  '--host-resolver-rules=MAP demo.example 127.0.0.1',
]

/** A demo server and a browser that opens it. */
export interface Demo {
  url: string
  /** Its own copy of the walk's files. */
  files: string
  /** The folder of the files that it generates. */
  dataDir: string
  browser: Browser
  /** The folder of the browser's downloads. */
  downloads: string
}

async function findBrowser(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name)
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (isThere) return path
    }
  }
  return undefined
}

/**
 * Runs tests that need a browser. Without one they are skipped, which in CI is a failure.
 */
export async function withDemo(t: Test, run: (demo: Demo) => Promise<void>): Promise<void> {
  const executablePath = await findBrowser()
  if (executablePath === undefined) {
    if (process.env['CI']) t.fail('CI needs a Chromium on the PATH')
    else t.pass('the page in a browser', { skip: 'no Chromium on the PATH' })
    return
  }
  const folder = t.testdir()
  const [files, dataDir, downloads] = ['files', 'data', 'downloads'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  await cp(new URL('../files/', import.meta.resolve('demo-server')), files, { recursive: true })
  const app = await buildServer({ files, dataDir })
  const url = await app.listen({ port: 0 })
  const browser = await chromium.launch({ executablePath, args: FLAGS, downloadsPath: downloads })
  t.teardown(async () => {
    await browser.close()
    await app.close()
  })
  await run({ url, files, dataDir, browser, downloads })
}

/** How to open the page. */
export interface Visit {
  demo: Demo
  /** Errors in the browser's console that the test expects. All others fail the test. */
  expected?: RegExp
  context?: Parameters<Browser['newContext']>[0]
  /** Runs in the page before its own scripts. */
  before?: string
  /** The host name in the URL. Default: 127.0.0.1. */
  hostname?: string
}

/** Opens the demo's page in a new context. After `look`, checks the console. */
export async function visit(
  t: Test,
  { demo, expected, context: options, before, hostname = '127.0.0.1' }: Visit,
  look: (page: Page, context: BrowserContext) => Promise<void>,
): Promise<void> {
  const context = await demo.browser.newContext(options)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    const text = `${message.text()} ${message.location().url}`
    const isExpected = expected?.test(text) ?? false
    if ((message.type() === 'error' || message.type() === 'warning') && !isExpected) errors.push(text)
  })
  try {
    if (before !== undefined) await page.addInitScript({ content: before })
    await page.goto(demo.url.replace('127.0.0.1', hostname))
    await page.locator('#log-state.good').waitFor()
    await look(page, context)
  } finally {
    await context.close()
  }
  t.same(errors, [], 'nothing unexpected in the console')
}
