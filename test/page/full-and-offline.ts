// When there is no space or no network, the page says what has happened and what to do.
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { COMPLETE, slowDown, speedUp, startSlowly, story } from './big-file-panel.ts'
import { type Demo, MEBIBYTE, says, visit } from './browser.ts'
import { STORAGE_MEBIBYTES } from './engines.ts'
import { send } from './try-it.ts'

const FULL =
  'Stopped: This page may not store more here. Free some space, or choose another place to keep the file. Then press the button again.'

/** Lets the page store this many MiB more. Firefox has a limit, up to which another file fills the space. */
async function leaveSpace(page: Page, { start }: Demo, mebibytes: number): Promise<void> {
  if (start.engine === 'Chromium') {
    const devtools = await page.context().newCDPSession(page)
    const { origin } = new URL(page.url())
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: mebibytes * MEBIBYTE })
    return
  }
  await page.evaluate(`(async () => {
    const folder = await navigator.storage.getDirectory()
    const writable = await (await folder.getFileHandle('filler', { create: true })).createWritable()
    await writable.truncate(${(STORAGE_MEBIBYTES - mebibytes) * MEBIBYTE})
    await writable.close()
  })()`)
}

async function fullStore(t: Test, demo: Demo, store: string): Promise<void> {
  await visit(t, { demo }, async (page) => {
    await page.selectOption('#big-store', store)
    // Chromium looks at a new limit only when the store is opened for the first time.
    if (demo.start.engine === 'Chromium') await leaveSpace(page, demo, 8)
    // Something is kept before the space ends: of what it has space for, Firefox does not always store even one piece.
    await startSlowly(page)
    await page.click('#big-toggle')
    await story(page, 'Paused at')
    if (demo.start.engine === 'Firefox') await leaveSpace(page, demo, 8)
    await speedUp(page)
    await page.click('#big-toggle')
    await story(page, FULL)
    await says(page, '#big-toggle', 'Continue')
    await leaveSpace(page, demo, STORAGE_MEBIBYTES)
    const resumed = page.locator('#big-story li', { hasText: '206: still the same version' })
    const before = await resumed.count()
    await page.click('#big-toggle')
    await resumed.nth(before).waitFor()
    await story(page, COMPLETE)
    t.pass('complete')
  })
}

async function offline(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo, expected: /net::ERR_|NetworkError|NS_ERROR/ }, async (page, context) => {
    await slowDown(page)
    await page.click('#big-toggle')
    await says(page, '#big-received', /^[1-9]\d?\.\d MiB/)
    await page.click('#walk-toggle')
    await says(page, '#walk-status', ' of 284')
    await context.setOffline(true)
    await page.click('#break-cut')
    await says(
      page,
      '#walk-status',
      /^Connection lost at byte \d+: this browser is offline\. Trying again in 2 s, and as soon as it is online\.$/,
    )
    await story(page, 'The connection to the server was lost. Press the button again.')
    await send(page)
    t.equal(
      await page.textContent('#try-result .verdict'),
      'No answer: this browser is offline. Send it again when it is online.',
    )
    await fetch(new URL('lab/cut', demo.url), { method: 'POST' })
    await story(page, 'this browser is offline. Trying again in')
    await page.selectOption('#walk-pace', '0')
    await speedUp(page)
    await context.setOffline(false)
    await says(page, '#walk-status', 'Complete: 284 bytes.')
    await story(page, COMPLETE)
    t.pass('by themselves')
  })
}

/** What a store cannot do, by the names of the browser's errors. */
const FAILURES = [
  ['AbortError', 'Stopped: No file was chosen.'],
  [
    'NotAllowedError',
    'Stopped: The browser does not let this page write to the file. Press the button again,',
  ],
  ['NotFoundError', 'Stopped: The file is not there any more. Start over to choose another one.'],
  ['SecurityError', 'Stopped: The browser does not let this page store anything here. Choose another place'],
] as const

async function failingStore(t: Test, demo: Demo): Promise<void> {
  const before = `self.showSaveFilePicker = async () => { throw new DOMException('', self.failure) }`
  await visit(t, { demo, before }, async (page) => {
    await page.selectOption('#big-store', 'picked')
    for (const [name, sentence] of FAILURES) {
      await page.evaluate(`self.failure = '${name}'`)
      await page.click('#big-toggle')
      await story(page, sentence)
      await says(page, '#big-toggle', 'Download')
      t.pass(name)
    }
  })
}

/** Runs the tests without space, network or file. */
export async function fullAndOffline(t: Test, demo: Demo): Promise<void> {
  for (const store of ['origin', 'indexed']) {
    await t.test(`a full store (${store}) is named, and the download continues when there is space`, (t) =>
      fullStore(t, demo, store),
    )
  }
  await t.test('a browser that is offline is named, and the downloads continue when it is online', (t) =>
    offline(t, demo),
  )
  await t.test('a file that cannot be used is named', (t) => failingStore(t, demo))
}
