/**
 * Takes docs/page.png, the picture of the demo page in the README, with the Chromium on this machine.
 *
 * npm run build && node demo-server/scripts/take-screenshot.mjs [light|dark] [WIDTH] [OUTPUT]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { buildServer } from '../dist/server.js'

const [
  colorScheme = 'light',
  width = '1280',
  output = fileURLToPath(new URL('../docs/page.png', import.meta.url)),
] = process.argv.slice(2)

const dataDir = await mkdtemp(join(tmpdir(), 'demo-'))
const app = await buildServer({ dataDir })
const url = await app.listen({ port: 0 })
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
try {
  const page = await browser.newPage({ colorScheme, viewport: { width: Number(width), height: 1270 } })
  await page.goto(url)
  await page.selectOption('#walk-pace', '200')
  await page.click('#walk-toggle')
  await page.locator('#walk-status', { hasText: /^1[5-9]\d of/ }).waitFor()
  await page.locator('h1').click()
  await page.keyboard.press('p')
  await page.selectOption('#big-rate', '16')
  await page.click('#big-toggle')
  await page.locator('#big-received', { hasText: /^1[2-9]\.\d MiB/ }).waitFor()
  await page.click('#break-cut')
  await page.locator('#big-story', { hasText: '206: still the same version' }).waitFor()
  await page.locator('#big-received', { hasText: /^3\d\.\d MiB/ }).waitFor()
  await page.mouse.move(0, 0)
  await page.screenshot({ path: output })
} finally {
  await browser.close()
  await app.close()
  await rm(dataDir, { recursive: true })
}
