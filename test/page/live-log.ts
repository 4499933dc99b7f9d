// The live log: what the server has answered, to all clients.
import { buildServer } from 'demo-server'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'
import { BIG_FILE_SIZE, type Demo, MEBIBYTE, says, visit } from './browser.ts'

async function allClients(t: Test, page: Page, { url }: Demo): Promise<void> {
  const headers = { range: 'bytes=0-3', 'if-range': '"other"' }
  await (await fetch(new URL('content.txt?from=elsewhere', url), { headers })).arrayBuffer()
  const row = page.locator('#log-rows tr', { hasText: 'from=elsewhere' })
  await row.waitFor()
  await row.filter({ hasText: ' ms' }).waitFor()
  t.same((await row.locator('td').allTextContents()).slice(0, 6), [
    'GET /content.txt?from=elsewhere',
    'bytes=0-3',
    '"other"',
    '200',
    '–',
    '699',
  ])
}

async function cutAnswer(t: Test, page: Page, { url }: Demo): Promise<void> {
  const cut = new AbortController()
  const body = await fetch(new URL('lab/big.bin?pace=1&from=cut-here', url), { signal: cut.signal })
  const row = page.locator('#log-rows tr', { hasText: 'from=cut-here' })
  await row.filter({ hasText: 'under way' }).waitFor()
  cut.abort()
  await t.rejects(body.arrayBuffer())
  const aborted = row.filter({ hasText: /aborted, [\d,.]+ ms/ })
  await aborted.waitFor()
  const size = (BIG_FILE_SIZE * MEBIBYTE).toLocaleString('en')
  t.match(await aborted.locator('td').nth(5).textContent(), new RegExp(`^[\\d,]+ of ${size}$`))
}

async function cleared(t: Test, page: Page): Promise<void> {
  await page.click('#log-clear')
  t.equal(await page.locator('#log-rows tr').count(), 0)
}

async function restarted(t: Test, demo: Demo): Promise<void> {
  const options = { files: demo.files, dataDir: demo.dataDir, bigFileSize: BIG_FILE_SIZE }
  const before = await buildServer(options)
  const url = await before.listen({ port: 0 })
  const expected =
    /net::ERR_\w+ .*\/(events|lab\/clip\.mp4|favicon\.svg)|can’t establish a connection|was interrupted/
  await visit(t, { demo: { ...demo, url }, expected }, async (page) => {
    await before.close()
    await says(page, '#log-state', 'reconnecting')
    const after = await buildServer(options)
    t.teardown(() => after.close())
    await after.listen({ port: Number(new URL(url).port) })
    await says(page, '#log-state', 'live')
    await (await fetch(`${url}/content.txt`)).arrayBuffer()
    await says(page, '#log-rows tr:first-child', 'content.txt')
    const old = page.locator('#log-rows tr', { hasText: 'HEAD /2.txt' })
    t.equal(await old.count(), 0, 'the entries of the old server are gone')
  })
}

/** Runs the tests of the live log. */
export async function liveLog(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo }, async (page) => {
    await t.test('the live log shows requests of all clients', (t) => allClients(t, page, demo))
    await t.test('the live log says how much was sent of a cut answer', (t) => cutAnswer(t, page, demo))
    await t.test('the live log can be cleared', (t) => cleared(t, page))
  })
  await t.test('the live log continues after a restart of the server', (t) => restarted(t, demo))
}
