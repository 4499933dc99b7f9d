// How text is drawn on a standard stream, as the stream and the environment allow it.
import { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import { type Characters, plainStyle, type Role, type Style } from '../text/style.ts'

type Format = Parameters<typeof styleText>[0]

const FORMATS: Readonly<Record<Role, Format>> = {
  name: 'bold',
  filled: 'green',
  empty: 'dim',
  good: 'green',
  attention: 'yellow',
  failure: 'red',
}

/** The style for a stream. Colours need a terminal; NO_COLOR, FORCE_COLOR and TERM=dumb count as Node.js reads them. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  const style = plainStyle(charactersIn(env))
  if (!hasColours(stream, env)) return style
  return { ...style, paint: (role, text) => styleText(FORMATS[role], text, { validateStream: false }) }
}

function hasColours({ isTTY }: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const isForced = (env['FORCE_COLOR'] ?? '') !== ''
  if (!isTTY && !isForced) return false
  // Node.js prints a warning if both are set, and takes an empty NO_COLOR for one that is set (https://no-color.org).
  const noColor = isForced ? undefined : env['NO_COLOR'] || undefined
  return WriteStream.prototype.hasColors({ ...env, NO_COLOR: noColor })
}

/**
 * Which characters this user's terminal has. By POSIX the first of three variables that is not empty names its encoding.
 * Windows and macOS do not need them.
 */
export function charactersIn(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): Characters {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const isUnicode = locale === '' ? platform === 'win32' || platform === 'darwin' : /utf-?8/i.test(locale)
  if (!isUnicode) return 'ascii'
  return env['TERM'] === 'dumb' ? 'names' : 'all'
}
