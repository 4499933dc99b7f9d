// The walk: a text in small steps, one range request after another.
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import type { Test } from 'tap'
import { type Demo, says, visit, write } from './browser.ts'
import { collect, isOf, type Served } from './server-events.ts'

const TEXT = await readFile(new URL('../files/2.txt', import.meta.resolve('demo-server')), 'utf8')
const SIZE = Buffer.byteLength(TEXT)

/** The ranges that a walk over 2.txt asks for. */
function steps(size: number): string[] {
  return Array.from({ length: Math.ceil(SIZE / size) }, (_, i) => `bytes=${i * size}-${i * size + size - 1}`)
}

/** The ranges that the walk asked for. The curl lines also request the file, with HEAD. */
const walked = (served: Served[]): Served[] =>
  served.filter(({ url, method }) => isOf(url, '/2.txt') && method === 'GET')

const rangesOf = (served: Served[]): (string | undefined)[] => walked(served).map(({ range }) => range)

async function fourBytes(t: Test, page: Page): Promise<void> {
  const served = collect(t)
  await page.selectOption('#walk-pace', '0')
  await page.click('#walk-toggle')
  await says(page, '#walk-status', `Complete: ${SIZE} bytes.`)
  t.same(rangesOf(served), steps(4), 'every range, in order')
  const [first, ...rest] = walked(served)
  t.equal(first?.ifRange, undefined)
  t.ok(
    rest.every(({ ifRange, status }) => ifRange === first?.etag && status === 206),
    'all of the same version',
  )
  t.equal(await page.textContent('#walk-text'), TEXT)
  t.equal(await page.locator('#walk-map .cell.received').count(), SIZE, 'each cell is one byte')
  t.equal(
    await page.getAttribute('#walk-map .cell', 'title'),
    `byte 0: 0x${Buffer.from(TEXT)[0]?.toString(16)}`,
  )
  t.equal(await page.getAttribute('#walk-map', 'aria-label'), `${SIZE} of ${SIZE} bytes received`)
  t.equal(await page.textContent('#walk-toggle'), 'Again')
  t.match(
    await page.textContent('#walk-request'),
    /^GET \/2\.txt\?from=walk-[\da-f]{8} HTTP\/1\.1\nHost: .*\nRange: bytes=280-283\nIf-Range: "/,
  )
  t.match(
    await page.textContent('#walk-answer'),
    /^HTTP\/1\.1 206 Partial Content\n(.*\n)*content-range: bytes 280-283\/284/,
  )
}

async function pausedByKey(t: Test, page: Page): Promise<void> {
  const served = collect(t)
  await write(page, '#walk-step', '10')
  await page.selectOption('#walk-pace', '200')
  await page.click('#walk-toggle')
  await says(page, '#walk-status', /^\d+ of/)
  await page.keyboard.press('p')
  await says(page, '#walk-status', /^Paused at byte \d+\. Press any letter except p to continue\.$/)
  t.equal(await page.textContent('#walk-toggle'), 'Continue')
  await page.keyboard.press('p')
  t.match(await page.textContent('#walk-status'), /^Paused/, 'p does not continue')
  await page.selectOption('#walk-pace', '0')
  await page.locator('h1').click()
  await page.keyboard.press('x')
  await says(page, '#walk-status', 'Complete')
  t.same(rangesOf(served), steps(10), 'no range twice, none left out')
  t.equal(await page.textContent('#walk-text'), TEXT)
}

async function changedFile(t: Test, page: Page, { files }: Demo): Promise<void> {
  const path = join(files, '2.txt')
  t.teardown(() => writeFile(path, TEXT))
  const served = collect(t)
  await page.selectOption('#walk-pace', '1000')
  await page.click('#walk-toggle')
  await says(page, '#walk-status', /^\d+ of/)
  await page.keyboard.press('p')
  await says(page, '#walk-status', 'Paused')
  const other = 'Another text, and a shorter one.'
  await writeFile(path, other)
  await page.locator('h1').click()
  await page.keyboard.press('x')
  await says(page, '#walk-status', 'The file has changed: the whole new version (32 bytes) came instead.')
  await says(page, '#walk-status', 'Complete: 32 bytes.')
  t.equal(await page.textContent('#walk-text'), other, 'nothing of the old one is left')
  t.match(walked(served).at(-1), { status: 200, ifRange: walked(served)[0]?.etag })
}

const PIECE = { etag: '"p"', 'content-range': 'bytes 0-3/20' }

/** The answers that a walk does not accept, or accepts although it asked for less. */
async function otherAnswers(t: Test, page: Page, { files }: Demo): Promise<void> {
  const path = join(files, '2.txt')
  await rename(path, `${path}.away`)
  t.teardown(() => rename(`${path}.away`, path).catch(() => {}))
  await page.selectOption('#walk-pace', '1000')
  await page.click('#walk-toggle')
  await says(page, '#walk-status', 'The server answered 404. Press any letter except p to try again.')
  await rename(`${path}.away`, path)

  const answers: ((route: Route) => Promise<void>)[] = [
    (route) => route.abort(),
    (route) => route.fulfill({ status: 206, headers: { ...PIECE, 'content-length': '4' }, body: 'abc' }),
    (route) => route.fulfill({ status: 200, headers: { etag: '"w"', 'content-length': '5' }, body: 'whole' }),
  ]
  await page.route('**/2.txt*', (route) => answers.shift()?.(route) ?? route.continue())
  await page.locator('h1').click()
  await page.keyboard.press('x')
  await says(page, '#walk-status', 'Connection lost at byte 0. Trying again in 2 s.')
  await says(
    page,
    '#walk-status',
    'The answer has another length than it announced. Press any letter except p to try again.',
  )
  t.equal(await page.textContent('#walk-text'), '–', 'nothing of it is shown')
  await page.keyboard.press('x')
  await says(page, '#walk-status', 'The whole file (5 bytes) came instead of a piece.')
  await says(page, '#walk-status', 'Complete: 5 bytes.')
  t.equal(await page.textContent('#walk-text'), 'whole')
  await page.unroute('**/2.txt*')
}

const TESTS: Record<string, (t: Test, page: Page, demo: Demo) => Promise<void>> = {
  'the walk fetches 4 bytes at a time': fourBytes,
  'p pauses the walk, and any other key continues it': pausedByKey,
  'the walk fetches the whole file if it has changed': changedFile,
  'the walk says what came instead of a piece': otherAnswers,
}

/** Runs the tests, each from the beginning of the walk. */
export async function walk(t: Test, demo: Demo): Promise<void> {
  await visit(t, { demo, expected: /net::ERR_FAILED|status of 404|NetworkError|NS_ERROR/ }, async (page) => {
    for (const [name, run] of Object.entries(TESTS)) {
      await page.click('#walk-reset')
      await t.test(name, (t) => run(t, page, demo))
    }
  })
}
