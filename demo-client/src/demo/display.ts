// How the demo looks: colours and a bar on a terminal, plain lines otherwise.
import type { OutputStream } from '../command/output-stream.ts'
import type { SegmentReport } from '../index.ts'
import { oneLine } from '../text/one-line.ts'
import { widthOf } from '../text/text-width.ts'

const BAR = 24
const LEAST_BAR = 4

/** Writes the steps of the demo to a stream. */
export class DemoDisplay {
  readonly #out: OutputStream
  readonly #isColoured: boolean
  #steps = 0

  constructor(out: OutputStream, env: NodeJS.ProcessEnv) {
    this.#out = out
    // NO_COLOR: "when present and not an empty string (regardless of its value), prevents the addition of colour".
    this.#isColoured = out.columns !== null && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  }

  /** Steps shown so far. */
  get steps(): number {
    return this.#steps
  }

  /** One line of text. */
  say(text: string): void {
    this.#out.write(`${oneLine(text)}\n`)
  }

  /** A line about the state of the download: paused, resuming, retrying. */
  note(text: string): void {
    this.#out.write(`${this.#paint('33', oneLine(text))}\n`)
  }

  /** One step: the request, the answer, and the bytes so far. */
  step(report: SegmentReport): void {
    this.#steps++
    const { range, status, contentRange, received, total } = report
    const asked = range === null ? 'no Range' : `Range: ${range}`
    const answered = contentRange === null ? String(status) : `${status} Content-Range: ${contentRange}`
    const soFar = `${received} of ${total ?? 'unknown'} bytes`
    const { columns } = this.#out
    if (columns === null) {
      this.say(`step ${this.#steps}: ${asked} -> ${answered}, ${soFar}`)
      return
    }
    const number = String(this.#steps).padStart(4)
    const width = total === null ? 0 : 2 * String(total).length
    const ask = asked.padEnd('Range: bytes=-'.length + width)
    const answer = oneLine(answered).padEnd(30 + width)
    const left =
      (columns || Number.POSITIVE_INFINITY) - widthOf(`${number}  ${ask}  ${answer}    ${soFar}`) - 1
    const bar = this.#bar(total === null || total === 0 ? 1 : received / total, Math.min(BAR, left))
    const parts = [this.#paint('2', number), this.#paint('36', ask), this.#paint('32', answer), ...bar, soFar]
    this.#out.write(`${parts.join('  ')}\n`)
  }

  /** A bar of `width` columns, or none if that is too narrow. */
  #bar(share: number, width: number): string[] {
    if (width < LEAST_BAR) return []
    const full = Math.floor(share * width)
    return [this.#paint('35', '█'.repeat(full)) + this.#paint('2', '░'.repeat(width - full))]
  }

  #paint(code: string, text: string): string {
    return this.#isColoured ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}
