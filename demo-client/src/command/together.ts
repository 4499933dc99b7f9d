// Several files, or what only makes sense with lists: downloads or verifies them, with their display.
import type { Style } from '../text/style.ts'
import type { BarTurn } from './bar-turn.ts'
import type { LazyStdout } from './events-place.ts'
import type { SeveralContext } from './get-several.ts'
import type { OutputStream } from './output-stream.ts'
import {
  blockDisplay,
  type SeveralDisplay,
  severalJsonDisplay,
  severalLineDisplay,
  severalQuietDisplay,
} from './several-display.ts'

/** Between two redraws, lines or events, in ms. */
const INTERVALS = { redraw: 100, line: 5000, json: 500 } as const

/** What the command has for it. */
export interface TogetherContext extends Omit<SeveralContext, 'createDisplay' | 'interval'> {
  readonly stdout: LazyStdout
  readonly stderr: OutputStream
  readonly style: Style
  /** Null if lines cannot be redrawn in place. */
  readonly bar: BarTurn | null
}

/** Downloads or verifies all files. Returns the status of the first failure, or 0. */
export async function getOrCheck(context: TogetherContext): Promise<number> {
  const { command, several, report, stderr } = context
  const run = several.isCheck
    ? (await import('./check-files.ts')).checkFiles
    : (await import('./get-several.ts')).getSeveral
  const interval = command.output === 'json' ? INTERVALS.json : INTERVALS.redraw
  try {
    return await run({ ...context, createDisplay: (files) => displayFor(context, files), interval })
  } catch (error) {
    return report(error, null, (line) => stderr.write(line))
  }
}

function displayFor(
  { command, stdout, stderr, style, bar }: TogetherContext,
  files: number | null,
): SeveralDisplay {
  if (command.output === 'json') return severalJsonDisplay(stdout.stream, stderr)
  if (command.output === 'quiet') return severalQuietDisplay(stderr)
  const place = { out: stderr, style, files }
  return bar === null ? severalLineDisplay(place, INTERVALS.line) : blockDisplay(place, bar)
}
