// The video: the player asks for what it needs, wherever the visitor jumps.
import type { Test } from 'tap'
import { type Demo, says, until, visit } from './browser.ts'
import { collect, isOf } from './server-events.ts'

const FAR = 21
const SIZE = 36_000_000

/** Runs the tests of the video. */
export async function video(t: Test, demo: Demo): Promise<void> {
  await t.test('seeking in the video fetches ranges of it', async (t) => {
    const served = collect(t)
    await visit(t, { demo }, async (page) => {
      await until(page, 'document.querySelector("#clip").readyState >= 1')
      await page.click(`[data-seek="${FAR}"]`)
      await until(
        page,
        `document.querySelector("#clip").readyState >= 3 && !document.querySelector("#clip").seeking`,
      )
      t.equal(await page.evaluate('document.querySelector("#clip").currentTime'), FAR)
      await page.evaluate('document.querySelector("#clip").play()')
      await until(page, `document.querySelector("#clip").currentTime > ${FAR} + 0.3`)
      await page.evaluate('document.querySelector("#clip").pause()')
      await page.click('[data-seek="3"]')
      await until(page, '!document.querySelector("#clip").seeking')
      await page.locator('#clip-ranges li').nth(1).waitFor()
      t.ok((await page.locator('#clip-band rect').count()) >= 2, 'its ranges are drawn')
      t.match(await page.getAttribute('#clip-band', 'aria-label'), /^\d+ ranges of 34\.5 MiB$/)
      await page.close() // ends the current requests
      const ranged = served.filter(({ url, status }) => isOf(url, '/lab/clip.mp4') && status === 206)
      t.ok(ranged.length >= 2, `${ranged.length} ranges`)
      t.ok(
        ranged.some(({ start = 0 }) => start > SIZE / 2),
        'one of them from the second half',
      )
    })
  })

  await t.test(
    'a video whose bytes do not arrive is named, and so is a browser without its decoder',
    async (t) => {
      const expected = /net::ERR_FAILED|NS_ERROR|media|clip\.mp4/i
      await visit(t, { demo, expected, unanswered: '**/lab/clip.mp4*' }, async (page) => {
        await says(page, '#clip-status', 'The video has stopped: its bytes do not arrive. Reload the page')
        t.equal(await page.locator('[data-seek]:disabled').count(), 4, 'there is nothing to jump in')
        await page.evaluate(`HTMLMediaElement.prototype.canPlayType = () => ''
        document.querySelector('#clip').dispatchEvent(new Event('error'))`)
        await says(page, '#clip-status', 'This browser cannot play the video: it has no decoder for H.264.')
      })
    },
  )
}
