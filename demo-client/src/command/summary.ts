// What range-get says about a finished download.
import { relative } from 'node:path'
import type { DownloadResult, StreamedResult } from '../index.ts'
import { oneLine } from '../text/one-line.ts'
import { formatDuration, formatSize, formatSpeed } from '../text/quantities.ts'
import type { Style } from '../text/style.ts'
import { notYetShown } from './shown-warnings.ts'

/** A download that has succeeded. */
export type Finished = DownloadResult | StreamedResult

/** A line about the result, and one for each of its warnings that was not shown before. */
export function summaryOf(result: Finished, style: Style, name?: string): string {
  const notes = notYetShown(result.warnings).map(
    (warning) => `${style.paint('attention', 'note:')} ${style.legible(oneLine(warning))}`,
  )
  return [describeResult(result, style, name), ...notes].map((line) => `${line}\n`).join('')
}

/** What was done, how fast, and what proves that the file is complete. Without a path it has the given `name`. */
export function describeResult(result: Finished, style: Style, name: string = 'standard output'): string {
  const shown = style.paint('name', style.legible(nameOf(result.path ?? name)))
  return `${shown}: ${describeTransfer(result)}; ${describeProof(result, style)}`
}

function describeTransfer({ outcome, size, resumed, duration, speed }: Finished): string {
  if (outcome === 'unchanged') return `${formatSize(size)}, not changed`
  if (resumed === size && size > 0) return `${formatSize(size)}, nothing was left to download`
  const earlier = resumed === 0 ? '' : `, ${formatSize(resumed)} of it from an earlier run,`
  const average = speed === 0 ? '' : ` (${formatSpeed(speed)})`
  return `${formatSize(size)}${earlier} in ${formatDuration(duration)}${average}`
}

/** What was checked, by its name, and what could not be. */
function describeProof({ integrity, digest }: Finished, { paint }: Style): string {
  switch (integrity) {
    case 'checksum':
      return paint('good', `${digest} checksum verified`)
    case 'digest':
      return paint('good', `${digest} digest of the server verified`)
    case 'undamaged':
      return `${digest} verified: not damaged on the way`
    case 'length':
      return 'length checked'
    case 'nothing':
      return paint('attention', 'nothing checked: the server announced no length')
  }
}

/** A path that is safe to show and to copy: it cannot control a terminal, and is no option and no home directory. */
export function nameOf(path: string): string {
  const short = relative(process.cwd(), path)
  const shown = short === '' || short.startsWith('..') ? path : short
  return oneLine(/^[-~]/.test(shown) ? `./${shown}` : shown)
}
