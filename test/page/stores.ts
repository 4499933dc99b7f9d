// Where the page keeps the big file, and what an earlier visit or another tab finds there.
import { buildServer } from 'demo-server'
import type { Test } from 'tap'
import {
  COMPLETE,
  continues,
  hashInPage,
  hashOnServer,
  speedUp,
  startSlowly,
  story,
} from './big-file-panel.ts'
import { BIG_FILE_SIZE, type Demo, visit } from './browser.ts'
import { collect } from './server-events.ts'

async function reloaded(t: Test, demo: Demo): Promise<void> {
  const served = collect(t)
  await visit(t, { demo }, async (page, context) => {
    t.equal(await page.textContent('#big-store option'), 'the browser’s own disk (OPFS)')
    await startSlowly(page)
    const second = await context.newPage()
    await second.goto(demo.url)
    await second.click('#big-toggle')
    await story(second, 'Stopped: Another tab is downloading this file.')
    await second.close()
    await page.reload()
    await story(page, /^[\d.]+ MiB from an earlier visit are still here\.$/)
    await speedUp(page)
    t.equal(await page.textContent('#big-toggle'), 'Continue')
    await page.click('#big-toggle')
    await story(page, COMPLETE)
    continues(t, served)
  })
}

async function inIndexedDB(t: Test, demo: Demo): Promise<void> {
  const served = collect(t)
  await visit(t, { demo }, async (page) => {
    await page.selectOption('#big-store', 'indexed')
    await startSlowly(page)
    await page.click('#big-toggle')
    await story(page, /^Paused at [\d.]+ MiB\.$/)
    await page.reload()
    await story(page, 'from an earlier visit are still here')
    t.equal(await page.inputValue('#big-store'), 'indexed', 'the choice is remembered')
    await speedUp(page)
    await page.click('#big-toggle')
    await story(page, COMPLETE)
    continues(t, served)
  })
}

async function inChosenFile(t: Test, demo: Demo): Promise<void> {
  if (demo.start.engine === 'Firefox') {
    // Firefox has no showSaveFilePicker().
    await visit(t, { demo }, async (page) => {
      t.equal(await page.locator('#big-store [value=picked]').count(), 0, 'the choice is not offered')
    })
    return
  }
  const served = collect(t)
  // Tests cannot operate the dialog. The handle that it returns is a real one.
  const before = `self.showSaveFilePicker = async () =>
      (await navigator.storage.getDirectory()).getFileHandle('picked.bin', { create: true })`
  await visit(t, { demo, before }, async (page) => {
    t.equal(await page.textContent('#big-store [value=picked]'), 'a file of your choice')
    await page.selectOption('#big-store', 'picked')
    await startSlowly(page)
    await page.click('#big-toggle')
    await story(page, 'Paused at')
    await page.reload()
    await speedUp(page)
    await page.click('#big-toggle')
    await story(page, COMPLETE)
    continues(t, served)
    t.equal(await hashInPage(page, 'picked.bin'), await hashOnServer(demo))
  })
}

async function insecure(t: Test, demo: Demo): Promise<void> {
  const { files, dataDir } = demo
  const everywhere = await buildServer({ files, dataDir, bigFileSize: BIG_FILE_SIZE })
  t.teardown(() => everywhere.close())
  const url = await everywhere.listen({ port: 0, host: '0.0.0.0' })
  const served = collect(t)
  await visit(t, { demo: { ...demo, url }, hostname: 'demo.example' }, async (page) => {
    t.same(await page.locator('#big-store option').allTextContents(), ['IndexedDB'])
    await startSlowly(page)
    await page.click('#big-toggle')
    await story(page, 'Paused at')
    await speedUp(page)
    await page.click('#big-toggle')
    await story(page, 'Complete. Not compared: browsers hash only on localhost or over HTTPS.')
    continues(t, served)
    await page.getByRole('button', { name: 'Copy: one range' }).click()
    await page.getByText('Selected', { exact: true }).waitFor()
  })
}

const TESTS: Record<string, (t: Test, demo: Demo) => Promise<void>> = {
  'a download resumes after the page is reloaded, and another tab leaves it alone': reloaded,
  'a paused download resumes in IndexedDB': inIndexedDB,
  'a download resumes in a file that the visitor has chosen': inChosenFile,
  'without a secure context a download resumes, and the page says what it cannot do (a phone in the same network)':
    insecure,
}

/** Runs the tests of all stores. */
export async function stores(t: Test, demo: Demo): Promise<void> {
  for (const [name, run] of Object.entries(TESTS)) await t.test(name, (t) => run(t, demo))
}
