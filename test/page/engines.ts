import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { type Browser, chromium, firefox } from 'playwright-core'

/** The browsers that the page is tested in, by the names that people know them by. */
export const ENGINES = ['Chromium', 'Firefox'] as const
export type Engine = (typeof ENGINES)[number]

/** A name that is not localhost, so that pages under it are not a secure context. */
export const OTHER_NAME = 'demo.example'

const COMMANDS: Record<Engine, readonly string[]> = {
  Chromium: ['chromium', 'chromium-browser', 'google-chrome'],
  Firefox: ['firefox-esr', 'firefox'],
}

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Fewer processes and threads, which take turns on few cores anyway.
  '--in-process-gpu',
  '--js-flags=--single-threaded',
  // No other name has an address: nothing connects to the outside.
  `--host-resolver-rules=MAP ${OTHER_NAME} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost`,
]

/** What a page may store in Firefox, in MiB: a fifth of the limit for all pages. */
export const STORAGE_MEBIBYTES = 100

const FIREFOX_PREFERENCES = {
  'dom.quotaManager.temporaryStorage.fixedLimit': STORAGE_MEBIBYTES * 5 * 1024,
  // Fewer processes: all pages are of one origin.
  'fission.autostart': false,
  'dom.ipc.processCount': 1,
  'dom.ipc.processPrelaunch.enabled': false,
  'media.utility-process.enabled': false,
  'network.dns.localDomains': OTHER_NAME,
  // Everything else goes to a proxy that does not exist: nothing connects to the outside.
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.no_proxies_on': `127.0.0.1, localhost, ${OTHER_NAME}`,
  // Reading the clipboard would ask the visitor, who is not there.
  'dom.events.testing.asyncClipboard': true,
}

/** The browser's program, or undefined if the PATH has no such program. */
export async function findProgram(engine: Engine): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of COMMANDS[engine]) {
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

/** What the visitor has set in the system. Without it: a light page. */
export interface Appearance {
  colorScheme?: 'light' | 'dark'
  forcedColors?: 'active'
  reducedMotion?: 'reduce'
}

/** How Firefox is told, as preferences. Chromium takes the values themselves. */
function appearancePreferences({
  colorScheme,
  forcedColors,
  reducedMotion,
}: Appearance): Record<string, number> {
  return {
    'layout.css.prefers-color-scheme.content-override': colorScheme === 'dark' ? 0 : 1,
    ...(forcedColors && { 'browser.display.document_color_use': 2 }),
    ...(reducedMotion && { 'ui.prefersReducedMotion': 1 }),
  }
}

/** What a browser is started with. */
export interface Start {
  engine: Engine
  executablePath: string
  /** The folder of its downloads. */
  downloadsPath: string
  /** Only for Firefox, where it is the same for all pages. In Chromium a context has it. */
  appearance?: Appearance
}

/** Starts a browser without a window. */
export function launch({ engine, appearance = {}, ...options }: Start): Promise<Browser> {
  if (engine === 'Chromium') return chromium.launch({ ...options, args: CHROMIUM_FLAGS })
  const firefoxUserPrefs = { ...FIREFOX_PREFERENCES, ...appearancePreferences(appearance) }
  // With this channel, Playwright speaks WebDriver BiDi, as every Firefox does. Otherwise it needs its own build.
  return firefox.launch({ ...options, channel: 'moz-firefox', firefoxUserPrefs })
}
