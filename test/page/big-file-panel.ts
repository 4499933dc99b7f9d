// How tests operate the panel of the big file, and what they look at.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { BIG_FILE_SIZE, type Demo, MEBIBYTE, says } from './browser.ts'
import type { Served } from './server-events.ts'

/** The browsers' words for a connection that was cut. */
export const CUT = /net::ERR_\w+ .*\/lab\/big\.bin/
/** The browser may be loading the clip too. */
export const CUT_SOME = /Cut [1-9]\d* connections?\./
/** The beginning of the last sentence of a download. */
export const COMPLETE = 'Complete and the same, byte for byte: SHA-256 '

/** Waits until the panel has told this. */
export const story = (page: Page, text: string | RegExp): Promise<void> => says(page, '#big-story li', text)

/** Chooses the slowest speed that the server has, which the page does not offer: there is time to break the download. */
export async function slowDown(page: Page): Promise<void> {
  await page.evaluate(`document.querySelector('#big-rate').add(new Option('1 MiB/s', '1'))`)
  await page.selectOption('#big-rate', '1')
}

/** Chooses to download as fast as possible. */
export async function speedUp(page: Page): Promise<void> {
  await page.selectOption('#big-rate', '')
}

/** Starts a slow download and waits until some of it is here. */
export async function startSlowly(page: Page): Promise<void> {
  await slowDown(page)
  await page.click('#big-toggle')
  await says(page, '#big-received', new RegExp(`^[1-9]\\d?\\.\\d MiB .* ?${BIG_FILE_SIZE}\\.0 MiB`))
}

/** In hexadecimal. */
export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** The SHA-256 of a file that the page keeps, computed in the page but not by its code. */
export function hashInPage(page: Page, name: string): Promise<string> {
  return page.evaluate<string>(`(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('${name}')
    const content = await (await handle.getFile()).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content))
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  })()`)
}

/** The SHA-256 of the file on the server. */
export async function hashOnServer({ dataDir }: Demo): Promise<string> {
  return sha256(await readFile(join(dataDir, 'big.bin')))
}

/** Removes what was downloaded. The folder stays, since a browser may not make it again. */
export async function removeSaved({ start }: Demo): Promise<void> {
  await mkdir(start.downloadsPath, { recursive: true })
  for (const name of await readdir(start.downloadsPath)) await rm(join(start.downloadsPath, name))
}

/** Looks for a saved download, ten for each second. A busy machine takes long to write it. */
const MAX_LOOKS = 1200

/** Waits until the browser has saved `size` bytes of a download to disk. Returns them. */
export async function saved({ start }: Demo, size: number): Promise<Buffer> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const names = await readdir(start.downloadsPath).catch(() => [])
    for (const path of names.map((name) => join(start.downloadsPath, name))) {
      // At the end the browser renames the file. It is then found at the next look.
      const isThere = await stat(path).then(
        (found) => found.size >= size,
        () => false,
      )
      const content = isThere ? await readFile(path).catch(() => null) : null
      if (content !== null) return content
    }
    await sleep(100)
  }
  throw new Error('The browser has not saved the download')
}

/** Downloads what is asked of the big file, in the order in which the answers ended. */
export const downloads = (served: Served[]): Served[] =>
  served.filter(({ url, method }) => url.startsWith('/lab/big.bin') && method === 'GET')

/** Checks that the second answer begins exactly where the bytes of the first one end. */
export function continues(t: Test, served: Served[], size: number = BIG_FILE_SIZE): void {
  const [first, second, ...more] = downloads(served)
  t.equal(more.length, 0, 'two requests in all')
  t.match(first, { status: 200, range: undefined, outcome: 'aborted' })
  t.match(second, { status: 206, outcome: 'served', ifRange: first?.etag, etag: first?.etag })
  const start = second?.start ?? 0
  t.ok(start > 0, `continues from byte ${start}`)
  t.equal(second?.bytesSent, size * MEBIBYTE - start, 'and gets the remainder, no byte twice')
}
