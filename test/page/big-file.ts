import { createHash } from 'node:crypto'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildServer } from 'demo-server'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Demo, visit, withEachBrowser } from './browser.ts'
import { collect, type Served } from './server-events.ts'

const MEBIBYTE = 1024 * 1024
const CUT = /net::ERR_\w+ .*\/lab\/big\.bin/
/** The browser may be loading the clip too. */
const CUT_SOME = /Cut [1-9]\d* connections?\./
const UNLIMITED = { label: 'no limit' }
const COMPLETE = 'Complete and the same, byte for byte'

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Downloads what is asked of the big file, in the order in which the answers ended. */
const downloads = (served: Served[]): Served[] =>
  served.filter(({ url, method }) => url.startsWith('/lab/big.bin') && method === 'GET')

function story(page: Page, text: string | RegExp): Promise<void> {
  return page.locator('#big-story li', { hasText: text }).first().waitFor()
}

async function receiveSome(page: Page): Promise<void> {
  await page.locator('#big-received', { hasText: /^(?:[2-9]|[12]\d)\.\d MiB of 48/ }).waitFor()
}

async function startSlowly(page: Page): Promise<void> {
  await page.selectOption('#big-rate', '16')
  await page.click('#big-toggle')
  await receiveSome(page)
}

/** The SHA-256 of a file that the page keeps, computed in the page but not by its code. */
function hashInPage(page: Page, name: string): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('${name}')
    const content = await (await handle.getFile()).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  })()`)
}

async function onServer({ dataDir }: Demo): Promise<string> {
  return sha256(await readFile(join(dataDir, 'big.bin')))
}

/** The files in the browser's folder of downloads, with their sizes. A file that is renamed meanwhile is left out. */
async function saved({ start }: Demo): Promise<{ path: string; size: number }[]> {
  const names = await readdir(start.downloadsPath).catch(() => [])
  const paths = names.map((name) => join(start.downloadsPath, name))
  const found = paths.map((path) =>
    stat(path).then(
      ({ size }) => [{ path, size }],
      () => [],
    ),
  )
  return (await Promise.all(found)).flat()
}

/** Waits until the browser has written at least `size` bytes of a download to disk. Returns its path. */
async function hasStored(demo: Demo, size: number): Promise<string> {
  for (;;) {
    const found = (await saved(demo)).find((file) => file.size >= size)
    if (found !== undefined) return found.path
    await sleep(20)
  }
}

/** Checks that the second answer begins exactly where the bytes of the first one end. */
function continues(t: Test, served: Served[]): void {
  const [first, second, ...more] = downloads(served)
  t.equal(more.length, 0, 'two requests in all')
  t.match(first, { status: 200, range: undefined, outcome: 'aborted' })
  t.match(second, { status: 206, outcome: 'served', ifRange: first?.etag, etag: first?.etag })
  const start = second?.start ?? 0
  t.ok(start > MEBIBYTE, `continues from byte ${start}`)
  t.equal(second?.bytesSent, 48 * MEBIBYTE - start, 'and gets the remainder, no byte twice')
}

await withEachBrowser(t, async (t, demo) => {
  await t.test('a download that is cut resumes by a range, and is complete and exact', async (t) => {
    const served = collect(t)
    await visit(t, { demo, expected: CUT }, async (page) => {
      await startSlowly(page)
      await page.selectOption('#big-rate', UNLIMITED)
      await page.click('#break-cut')
      await story(page, CUT_SOME)
      await story(page, 'Connection lost at')
      await story(page, '206: still the same version')
      await story(page, COMPLETE)
      continues(t, served)
      t.equal(await hashInPage(page, 'big.bin'), await onServer(demo))

      await page.click('#big-save')
      const path = await hasStored(demo, 48 * MEBIBYTE)
      t.equal(sha256(await readFile(path)), await onServer(demo), 'saved to disk')
    })
  })

  await t.test('a download whose file is replaced starts over, and mixes no versions', async (t) => {
    const served = collect(t)
    await visit(t, { demo, expected: CUT }, async (page) => {
      await startSlowly(page)
      const before = await onServer(demo)
      await page.selectOption('#big-rate', UNLIMITED)
      await page.click('#break-replace')
      await story(page, '200: another version')
      await story(page, COMPLETE)
      const [first, second] = downloads(served)
      t.match(second, { status: 200, ifRange: first?.etag, bytesSent: 48 * MEBIBYTE })
      t.match(second?.range, /^bytes=\d+-$/, 'the page asked for the remainder')
      t.not(second?.etag, first?.etag)
      const after = await hashInPage(page, 'big.bin')
      t.equal(after, await onServer(demo))
      t.not(after, before)
    })
  })

  await t.test('a download resumes after the page is reloaded', async (t) => {
    const served = collect(t)
    await visit(t, { demo }, async (page) => {
      await startSlowly(page)
      await page.reload()
      await story(page, 'from an earlier visit are still here')
      await page.selectOption('#big-rate', UNLIMITED)
      t.equal(await page.textContent('#big-toggle'), 'Continue')
      await page.click('#big-toggle')
      await story(page, COMPLETE)
      continues(t, served)
    })
  })

  await t.test('a paused download resumes in IndexedDB', async (t) => {
    const served = collect(t)
    await visit(t, { demo }, async (page) => {
      await page.selectOption('#big-store', 'indexed')
      await startSlowly(page)
      t.match(await page.textContent('#big-speed'), /\/s$/)
      t.match(await page.textContent('#big-eta'), /^\d+:\d\d$/)
      await page.click('#big-toggle')
      await story(page, 'Paused at')
      await page.reload()
      await story(page, 'from an earlier visit are still here')
      t.equal(await page.inputValue('#big-store'), 'indexed', 'the choice is remembered')
      await page.selectOption('#big-rate', UNLIMITED)
      await page.click('#big-toggle')
      await story(page, COMPLETE)
      continues(t, served)
    })
  })

  await t.test('a download resumes in a file that the visitor has chosen', async (t) => {
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
      await page.selectOption('#big-store', 'picked')
      await startSlowly(page)
      await page.click('#big-toggle')
      await story(page, 'Paused at')
      await page.reload()
      await page.selectOption('#big-rate', UNLIMITED)
      await page.click('#big-toggle')
      await story(page, COMPLETE)
      continues(t, served)
      t.equal(await hashInPage(page, 'picked.bin'), await onServer(demo))
    })
  })

  await t.test(
    'a download can be started over, and compared after the server has replaced the file',
    async (t) => {
      const served = collect(t)
      await visit(t, { demo }, async (page) => {
        await startSlowly(page)
        await page.selectOption('#big-rate', UNLIMITED)
        await page.click('#big-reset')
        await story(page, COMPLETE)
        t.match(downloads(served), [
          { status: 200 },
          { status: 200, range: undefined, bytesSent: 48 * MEBIBYTE },
        ])
        await story(page, /^Starting over: the .* MiB that were here are discarded\.$/)
        const told = await page.locator('#big-story li').allTextContents()
        t.notOk(
          told.some((text) => text.includes('another version')),
          'the same version is not called another one',
        )
        await page.click('#break-replace')
        await story(page, 'another version of the file')
        t.equal(await page.textContent('#big-toggle'), 'Compare again')
        await page.click('#big-toggle')
        await story(page, 'Complete. The server has replaced this version since.')
        t.equal(downloads(served).length, 2, 'no further download')
      })
    },
  )

  await t.test('a second tab says that another tab is downloading', async (t) => {
    await visit(t, { demo }, async (page, context) => {
      await startSlowly(page)
      const second = await context.newPage()
      await second.goto(demo.url)
      await second.click('#big-toggle')
      await story(second, 'Stopped: Another tab is downloading this file.')
      await page.selectOption('#big-rate', UNLIMITED)
      await story(page, COMPLETE)
    })
  })

  await t.test(
    'without a secure context a download resumes, and the page says what it cannot do (a phone in the same network)',
    async (t) => {
      const { files, dataDir } = demo
      const everywhere = await buildServer({ files, dataDir })
      t.teardown(() => everywhere.close())
      const url = await everywhere.listen({ port: 0, host: '0.0.0.0' })
      const served = collect(t)
      await visit(t, { demo: { ...demo, url }, hostname: 'demo.example' }, async (page) => {
        t.same(await page.locator('#big-store option').allTextContents(), ['IndexedDB'])
        await startSlowly(page)
        await page.click('#big-toggle')
        await story(page, 'Paused at')
        await page.selectOption('#big-rate', UNLIMITED)
        await page.click('#big-toggle')
        await story(page, 'Complete. Not compared')
        continues(t, served)
        await page.getByRole('button', { name: 'Copy: one range' }).click()
        await page.getByText('Selected', { exact: true }).waitFor()
      })
    },
  )

  await t.test('a download by the browser itself resumes when the file is seconds old', async (t) => {
    const served = collect(t)
    await visit(t, { demo }, async (page) => {
      await page.click('#break-replace')
      await story(page, 'another version of the file')
      await page.selectOption('#big-rate', '4')
      await rm(demo.start.downloadsPath, { recursive: true, force: true })
      await page.click('#big-native')
      await page.locator('#log-rows tr', { hasText: 'under way' }).filter({ hasText: 'big.bin' }).waitFor()
      await hasStored(demo, 1)
      await page.click('#break-cut')
      await story(page, CUT_SOME)
      // Firefox waits until the visitor presses Retry, which is outside the page.
      if (demo.start.engine === 'Firefox') return
      const path = await hasStored(demo, 48 * MEBIBYTE)
      t.equal(sha256(await readFile(path)), await onServer(demo), 'bit-exact')
      const [first, second] = downloads(served)
      t.match(first, { status: 200, outcome: 'aborted' })
      t.match(second, { status: 206, ifRange: first?.etag, outcome: 'served' })
      t.ok((second?.start ?? 0) > 0, `from byte ${second?.start}`)
    })
  })
})
