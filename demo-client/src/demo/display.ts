// How the demo looks: colours and a bar on a terminal, plain lines otherwise.
import type { OutputStream } from '../command/output-stream.ts'
import type { SegmentReport } from '../index.ts'
import { oneLine } from '../text/one-line.ts'
import { wrapWords } from '../text/word-wrap.ts'
import { type BarCharacters, type StepRole, stepLine } from './step-line.ts'

const COLOURS: Readonly<Record<StepRole, string | null>> = {
  number: '2',
  asked: '36',
  answered: '32',
  filled: '35',
  empty: '2',
  received: null,
  gap: null,
}
/** For a terminal that does not report its width. */
const USUAL_COLUMNS = 80

/** Text for people on a stream: on a terminal in lines that fit, otherwise in one line. It ends with a line break. */
export function linesOn(out: OutputStream, text: string): string {
  const line = oneLine(text)
  const { columns } = out
  if (columns === null) return `${line}\n`
  return `${wrapWords(line, Math.max(1, (columns || USUAL_COLUMNS) - 1)).join('\n')}\n`
}

/** Writes the steps of the demo to a stream. */
export class DemoDisplay {
  readonly #out: OutputStream
  readonly #isColoured: boolean
  readonly #bar: BarCharacters
  #steps = 0
  /** The heading above the latest step. */
  #heading = ''

  constructor(out: OutputStream, env: NodeJS.ProcessEnv) {
    this.#out = out
    // NO_COLOR: "when present and not an empty string (regardless of its value), prevents the addition of colour".
    this.#isColoured = out.columns !== null && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
    this.#bar = barIn(env)
  }

  /** Whether a person is likely to watch. */
  get isOnTerminal(): boolean {
    return this.#out.columns !== null
  }

  /** Steps shown so far. */
  get steps(): number {
    return this.#steps
  }

  /** A text, on a terminal in lines that fit. */
  say(text: string): void {
    this.#out.write(linesOn(this.#out, text))
  }

  /** The same about the state of the download: paused, resuming, retrying. */
  note(text: string): void {
    const lines = linesOn(this.#out, text).trimEnd().split('\n')
    this.#out.write(lines.map((line) => `${this.#paint('33', line)}\n`).join(''))
  }

  /** One step: the request, the answer, and the bytes so far. */
  step(report: SegmentReport): void {
    this.#steps++
    const { columns } = this.#out
    if (columns === null) {
      this.#out.write(`step ${this.#steps}: ${inWords(report)}\n`)
      return
    }
    // The width may have changed since the step before.
    const size = { columns: columns || USUAL_COLUMNS, bar: this.#bar }
    const { parts, heading } = stepLine(this.#steps, report, size)
    if (heading !== '' && heading !== this.#heading) this.#out.write(`${this.#paint('2', heading)}\n`)
    this.#heading = heading
    this.#out.write(`${parts.map(({ role, text }) => this.#paint(COLOURS[role], text)).join('')}\n`)
  }

  #paint(code: string | null, text: string): string {
    return this.#isColoured && code !== null && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}

/** A step for programs and files: always the same form, of any width. */
function inWords({ range, status, contentRange, received, total }: SegmentReport): string {
  const asked = range === null ? 'no Range' : `Range: ${range}`
  const answered = contentRange === null ? String(status) : `${status} Content-Range: ${contentRange}`
  return oneLine(`${asked} -> ${answered}, ${received} of ${total ?? 'unknown'} bytes`)
}

/** By POSIX the first of three variables that is not empty names the encoding. Windows and macOS do not need them. */
function barIn(env: NodeJS.ProcessEnv): BarCharacters {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  const isUnicode = locale === '' ? ['win32', 'darwin'].includes(process.platform) : /utf-?8/i.test(locale)
  return isUnicode && env['TERM'] !== 'dumb' ? { filled: '█', empty: '░' } : { filled: '#', empty: '-' }
}
