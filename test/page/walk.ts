import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildServer } from 'demo-server'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { type Demo, visit, withEachBrowser, write } from './browser.ts'
import { collect, isOf, type Served } from './server-events.ts'

const TEXT = await readFile(new URL('../files/2.txt', import.meta.resolve('demo-server')), 'utf8')
const SIZE = Buffer.byteLength(TEXT)
const CONTENT = await readFile(new URL('../files/content.txt', import.meta.resolve('demo-server')))

/** The ranges that a walk over 2.txt asks for. */
function steps(size: number): string[] {
  return Array.from({ length: Math.ceil(SIZE / size) }, (_, i) => `bytes=${i * size}-${i * size + size - 1}`)
}

/** The ranges that the walk asked for. The curl lines also request the file, with HEAD. */
const walked = (served: Served[]): Served[] =>
  served.filter(({ url, method }) => isOf(url, '/2.txt') && method === 'GET')

const rangesOf = (served: Served[]): (string | undefined)[] => walked(served).map(({ range }) => range)

await withEachBrowser(t, async (t, demo) => {
  await t.test('the walk fetches 4 bytes at a time', async (t) => {
    await visit(t, { demo }, async (page) => {
      const served = collect(t)
      await page.selectOption('#walk-pace', '0')
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: `Complete: ${SIZE} bytes.` }).waitFor()
      t.same(rangesOf(served), steps(4), 'every range, in order')
      const [first, ...rest] = walked(served)
      t.equal(first?.ifRange, undefined)
      t.ok(
        rest.every(({ ifRange, status }) => ifRange === first?.etag && status === 206),
        'all of the same version',
      )
      t.equal(await page.textContent('#walk-text'), TEXT)
      t.equal(await page.locator('#walk-map .cell.received').count(), SIZE)
      t.match(
        await page.textContent('#walk-request'),
        /^GET \/2\.txt\?from=walk-[\da-f]{8} HTTP\/1\.1\nHost: .*\nRange: bytes=280-283\nIf-Range: "/,
      )
      t.match(
        await page.textContent('#walk-answer'),
        /^HTTP\/1\.1 206 Partial Content\n(.*\n)*content-range: bytes 280-283\/284/,
      )
    })
  })

  await t.test('p pauses the walk, and any other key continues it', async (t) => {
    await visit(t, { demo }, async (page) => {
      const served = collect(t)
      await write(page, '#walk-step', '10')
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: /^\d+ of/ }).waitFor()
      await page.keyboard.press('p')
      const status = page.locator('#walk-status', { hasText: /^Paused at byte \d+/ })
      await status.waitFor()
      t.equal(await page.textContent('#walk-toggle'), 'Continue')
      await page.keyboard.press('p')
      t.match(await page.textContent('#walk-status'), /^Paused/, 'p does not continue')
      await page.selectOption('#walk-pace', '0')
      await page.locator('h1').click()
      await page.keyboard.press('x')
      await page.locator('#walk-status', { hasText: 'Complete' }).waitFor()
      t.same(rangesOf(served), steps(10), 'no range twice, none left out')
      t.equal(await page.textContent('#walk-text'), TEXT)
    })
  })

  await t.test('the walk fetches the whole file if it has changed', async (t) => {
    const path = join(demo.files, '2.txt')
    t.teardown(() => writeFile(path, TEXT))
    await visit(t, { demo }, async (page) => {
      const served = collect(t)
      await page.click('#walk-toggle')
      await page.locator('#walk-status', { hasText: /^\d+ of/ }).waitFor()
      await page.keyboard.press('p')
      await page.locator('#walk-status', { hasText: 'Paused' }).waitFor()
      const other = 'Another text, and a shorter one.'
      await writeFile(path, other)
      await page.selectOption('#walk-pace', '0')
      await page.locator('h1').click()
      await page.keyboard.press('x')
      await page.locator('#walk-status', { hasText: 'Complete: 32 bytes.' }).waitFor()
      t.equal(await page.textContent('#walk-text'), other, 'nothing of the old one is left')
      t.match(walked(served).at(-1), { status: 200, ifRange: walked(served)[0]?.etag })
    })
  })

  await t.test('seeking in the video fetches ranges of it', async (t) => {
    const served = collect(t)
    await visit(t, { demo }, async (page) => {
      const far = 21
      await until(page, 'document.querySelector("#clip").readyState >= 1')
      await page.click(`[data-seek="${far}"]`)
      await until(
        page,
        `document.querySelector("#clip").readyState >= 3 && !document.querySelector("#clip").seeking`,
      )
      t.equal(await page.evaluate('document.querySelector("#clip").currentTime'), far)
      await page.evaluate('document.querySelector("#clip").play()')
      await until(page, `document.querySelector("#clip").currentTime > ${far} + 0.3`)
      await page.evaluate('document.querySelector("#clip").pause()')
      await page.click('[data-seek="3"]')
      await until(page, '!document.querySelector("#clip").seeking')
      await page.locator('#clip-ranges li').nth(1).waitFor()
      t.ok((await page.locator('#clip-band rect').count()) >= 2, 'its ranges are drawn')
      await page.close() // ends the current requests
      const ranged = served.filter(({ url, status }) => isOf(url, '/lab/clip.mp4') && status === 206)
      t.ok(ranged.length >= 2, `${ranged.length} ranges`)
      const size = 36_000_000
      t.ok(
        ranged.some(({ start = 0 }) => start > size / 2),
        'one of them from the second half',
      )
    })
  })

  await t.test('the page is refused under a host name of another site', async (t) => {
    const page = await demo.browser.newPage()
    t.teardown(() => page.close())
    const answer = await page.goto(demo.url.replace('127.0.0.1', 'demo.example'))
    t.equal(answer?.status(), 421)
  })

  await t.test('a visitor can try any Range, and sees the answer', async (t) => {
    await visit(t, { demo, expected: /status of 416/ }, async (page) => {
      const cases = [
        { preset: 'first four', says: '206 Partial Content', body: CONTENT.toString('utf8', 0, 4) },
        {
          preset: 'last five',
          says: '206 Partial Content',
          body: CONTENT.toString('utf8', CONTENT.length - 5),
        },
        { preset: 'beyond the end', says: '416 Range Not Satisfiable', body: 'ERR_RANGE' },
        { preset: 'invalid', says: '200 OK', body: CONTENT.toString('utf8', 0, 40) },
      ]
      for (const { preset, says, body } of cases) {
        await send(page, preset)
        t.match(await page.textContent('#try-result .verdict'), says, preset)
        t.match(await page.textContent('#try-result .parts'), body, preset)
      }
      t.match(await page.textContent('#try-result table'), /etag/)

      await send(page, 'several')
      const parts = page.locator('#try-result .part')
      t.equal(await parts.count(), 3, 'a multipart answer is taken apart')
      for (const [index, [first, last]] of [
        [0, 3],
        [20, 29],
        [CONTENT.length - 12, CONTENT.length - 1],
      ].entries()) {
        const text = (await parts.nth(index).textContent()) ?? ''
        t.match(text, `Content-Range: bytes ${first}-${last}/${CONTENT.length}`)
        const content = await parts.nth(index).locator('pre').last().textContent()
        t.equal(content, CONTENT.toString('utf8', first, Number(last) + 1), `part ${index + 1}: its bytes`)
      }

      await page.getByRole('button', { name: 'this version' }).click()
      await until(page, 'document.querySelector("#try-if-range").value.startsWith(\'"\')')
      await page.getByRole('button', { name: 'Send' }).click()
      await page.locator('#try-result .verdict', { hasText: '206' }).waitFor()
      await send(page, 'another version')
      t.match(await page.textContent('#try-result .verdict'), '200', 'If-Range of another')
    })
  })

  await t.test('the curl lines get the statuses that they promise', async (t) => {
    await visit(t, { demo }, async (page) => {
      await page.locator('#curl-lines li').nth(5).waitFor()
      const lines = await page.locator('#curl-lines pre').allTextContents()
      const statuses = await Promise.all(lines.map(request))
      t.same(statuses, [206, 206, 206, 206, 200, 416])
      t.match(lines[0], /^curl -v --header 'Range: bytes=0-3' http:\/\/127\.0\.0\.1:\d+\/bd_logo\.png$/)
    })
  })

  await t.test('a curl line can be copied', async (t) => {
    await visit(t, { demo }, async (page, context) => {
      // Firefox knows no such permission. Its preferences let tests read the clipboard.
      if (demo.start.engine === 'Chromium')
        await context.grantPermissions(['clipboard-read', 'clipboard-write'])
      await page.getByRole('button', { name: 'Copy: one range' }).click()
      await page.getByText('Copied', { exact: true }).waitFor()
      t.match(await page.evaluate('navigator.clipboard.readText()'), /^curl -v .*bd_logo\.png$/)
    })
  })

  await t.test('another origin shows which fields can be read without and with the recipe', async (t) => {
    await visit(
      t,
      { demo, expected: /blocked by CORS policy|net::ERR_FAILED|Cross-Origin Request Blocked/ },
      async (page) => {
        const cases = [
          { name: 'No CORS', says: 'Nothing at all', hidden: [] },
          {
            name: 'Origin allowed',
            says: 'It cannot resume safely. The page may not even send If-Range.',
            hidden: ['Content-Range', 'Accept-Ranges', 'ETag'],
          },
          { name: 'The recipe', says: 'Everything that is needed to resume safely', hidden: [] },
        ]
        for (const { name, says, hidden } of cases) {
          await page.getByRole('button', { name }).click()
          await page.locator('#origins-result .verdict', { hasText: says }).waitFor()
          const rows = page.locator('#origins-result tr', { hasText: 'hidden' })
          const names = await rows.locator('th').allTextContents()
          for (const field of hidden) t.ok(names.includes(field), `${name}: ${field} is hidden`)
          if (name === 'The recipe') t.same(names, [], 'nothing is hidden')
        }
      },
    )
  })

  await t.test('the live log shows requests of all clients', async (t) => {
    await visit(t, { demo }, async (page) => {
      const headers = { range: 'bytes=0-3', 'if-range': '"other"' }
      await (await fetch(new URL('content.txt?from=elsewhere', demo.url), { headers })).arrayBuffer()
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
      const cut = new AbortController()
      const body = await fetch(new URL('lab/big.bin?pace=1', demo.url), { signal: cut.signal })
      await page.locator('#log-rows tr', { hasText: 'under way' }).filter({ hasText: 'big.bin' }).waitFor()
      cut.abort()
      await t.rejects(body.arrayBuffer())
      const aborted = page.locator('#log-rows tr', { hasText: 'aborted' }).filter({ hasText: 'big.bin' })
      await aborted.waitFor()
      t.match(
        await aborted.locator('td').nth(5).textContent(),
        /^[\d,]+ of 50,331,648$/,
        'the bytes that were sent',
      )
    })
  })

  await t.test('the live log continues after a restart of the server', async (t) => {
    const options = { files: demo.files, dataDir: demo.dataDir }
    const before = await buildServer(options)
    const url = await before.listen({ port: 0 })
    const expected = /net::ERR_\w+ .*\/(events|lab\/clip\.mp4|favicon\.svg)/
    await visit(t, { demo: { ...demo, url }, expected }, async (page) => {
      await before.close()
      await page.locator('#log-state', { hasText: 'reconnecting' }).waitFor()
      const after = await buildServer(options)
      t.teardown(() => after.close())
      await after.listen({ port: Number(new URL(url).port) })
      await page.locator('#log-state', { hasText: 'live' }).waitFor()
      await (await fetch(`${url}/content.txt`)).arrayBuffer()
      await page.locator('#log-rows tr:first-child', { hasText: 'content.txt' }).waitFor()
      const old = page.locator('#log-rows tr', { hasText: 'HEAD /2.txt' })
      t.equal(await old.count(), 0, 'the entries of the old server are gone')
    })
  })

  await t.test('the page has a strict policy and no inline code', async (t) => {
    const answer = await fetch(demo.url)
    const policy = answer.headers.get('content-security-policy') ?? ''
    t.match(policy, /default-src 'none'/)
    t.match(policy, /script-src 'self'(;|$)/)
    t.notMatch(policy, /unsafe|data:|blob:/)
    t.notMatch(await answer.text(), /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/)
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    await t.test(`the page fits a phone and follows its colour scheme (${colorScheme})`, (t) =>
      phone(t, demo, colorScheme),
    )
  }

  await t.test('the page can be used by the keyboard alone', async (t) => {
    await visit(t, { demo }, async (page) => {
      await page.keyboard.press('Tab')
      t.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the demo')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      t.equal(await page.evaluate('document.activeElement.closest("section").id'), 'walk')
      await page.focus('#walk-toggle')
      await page.keyboard.press('Enter')
      await page.locator('#walk-status', { hasText: /of 284/ }).waitFor()
      await page.keyboard.press('Space')
      await page.locator('#walk-status', { hasText: 'Paused' }).waitFor()
      const unnamed =
        await page.evaluate(`Array.from(document.querySelectorAll('button, input, select, a, video'))
      .filter((e) => e.tagName !== 'VIDEO' && !(e.ariaLabel || e.textContent.trim() || e.labels?.length)).length`)
      t.equal(unnamed, 0, 'every control has a name')
    })
  })
})

/** Waits until an expression is true in the page. The policy of the page forbids Playwright's own way to wait. */
function until(page: Page, expression: string): Promise<void> {
  return page.evaluate(`new Promise((resolve) => {
    const look = () => ((${expression}) ? resolve() : setTimeout(look, 20))
    look()
  })`)
}

async function send(page: Page, preset: string): Promise<void> {
  await page.getByRole('button', { name: preset, exact: true }).click()
  await page.evaluate('document.querySelector("#try-result").replaceChildren()')
  await page.getByRole('button', { name: 'Send' }).click()
  await page.locator('#try-result .parts').waitFor()
}

/** Sends the request of a curl line and returns the status. */
async function request(line: string): Promise<number> {
  const headers = Array.from(line.matchAll(/--header '([^:]+): ([^']*)'/g), ([, name = '', value = '']) => [
    name,
    value,
  ])
  const url = line.split(' ').at(-1) ?? ''
  const answer = await fetch(url, { headers: headers as [string, string][] })
  await answer.arrayBuffer()
  return answer.status
}

async function phone(t: Test, demo: Demo, colorScheme: 'light' | 'dark'): Promise<void> {
  await visit(
    t,
    { demo, viewport: { width: 360, height: 740 }, appearance: { colorScheme } },
    async (page) => {
      await send(page, 'several')
      t.equal(
        await page.evaluate('document.documentElement.scrollWidth'),
        await page.evaluate('document.documentElement.clientWidth'),
        'nothing is wider than the screen',
      )
      const lightness = await page.evaluate<number>(
        'parseInt(getComputedStyle(document.body).backgroundColor.slice(4))',
      )
      t.equal(lightness > 128, colorScheme === 'light', 'the page follows')
    },
  )
}
