// How the demo looks: colours and a bar on a terminal, plain lines otherwise.
import type { OutputStream } from '../command/output-stream.ts'
import { styleFor } from '../command/terminal-style.ts'
import type { SegmentReport } from '../index.ts'
import { oneLine } from '../text/one-line.ts'
import type { Role, Style } from '../text/style.ts'
import { wrapWords } from '../text/word-wrap.ts'
import { type StepRole, stepLine } from './step-line.ts'

const ROLES: Readonly<Record<StepRole, Role | null>> = {
  number: 'empty',
  asked: 'name',
  answered: 'good',
  filled: 'filled',
  empty: 'empty',
  received: null,
  gap: null,
}
/** For a terminal that does not report its width. */
const USUAL_COLUMNS = 80

/** Text for people on a stream: on a terminal in lines that fit, otherwise in one line. It ends with a line break. */
export function linesOn(out: OutputStream, style: Style, text: string): string {
  const line = oneLine(text)
  const { columns } = out
  if (columns === null) return `${line}\n`
  return `${wrapWords(style.legible(line), Math.max(1, (columns || USUAL_COLUMNS) - 1)).join('\n')}\n`
}

/** Writes the steps of the demo to a stream. */
export class DemoDisplay {
  readonly #out: OutputStream
  readonly #style: Style
  #steps = 0
  /** The heading above the latest step. */
  #heading = ''

  constructor(out: OutputStream, env: NodeJS.ProcessEnv) {
    this.#out = out
    this.#style = styleFor({ isTTY: out.columns !== null }, env)
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
    this.#out.write(linesOn(this.#out, this.#style, text))
  }

  /** The same about the state of the download: paused, resuming, retrying. */
  note(text: string): void {
    const lines = linesOn(this.#out, this.#style, text).trimEnd().split('\n')
    this.#out.write(lines.map((line) => `${this.#paint('attention', line)}\n`).join(''))
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
    const size = { columns: columns || USUAL_COLUMNS, bar: this.#style.bar }
    const { parts, heading } = stepLine(this.#steps, report, size)
    if (heading !== '' && heading !== this.#heading) this.#out.write(`${this.#paint('empty', heading)}\n`)
    this.#heading = heading
    this.#out.write(`${parts.map(({ role, text }) => this.#paint(ROLES[role], text)).join('')}\n`)
  }

  #paint(role: Role | null, text: string): string {
    return role === null || text === '' ? text : this.#style.paint(role, text)
  }
}

/** A step for programs and files: always the same form, of any width. */
function inWords({ range, status, contentRange, received, total }: SegmentReport): string {
  const asked = range === null ? 'no Range' : `Range: ${range}`
  const answered = contentRange === null ? String(status) : `${status} Content-Range: ${contentRange}`
  return oneLine(`${asked} -> ${answered}, ${received} of ${total ?? 'unknown'} bytes`)
}
