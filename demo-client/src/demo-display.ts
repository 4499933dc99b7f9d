// How the walk looks: coloured with a bar on a terminal, plain lines elsewhere.
import type { SegmentReport } from './index.ts'

const BAR = 24

/** Writes the walk to a stream. */
export class DemoDisplay {
  readonly #out: NodeJS.WriteStream
  readonly #isColoured: boolean
  #steps = 0

  constructor(out: NodeJS.WriteStream, env: NodeJS.ProcessEnv) {
    this.#out = out
    // NO_COLOR: "when present and not an empty string (regardless of its value), prevents the addition of colour".
    this.#isColoured = out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  }

  /** Steps shown so far. */
  get steps(): number {
    return this.#steps
  }

  /** One line of text. */
  say(text: string): void {
    this.#out.write(`${text}\n`)
  }

  /** A line about the state of the walk: paused, going on, trying again. */
  note(text: string): void {
    this.say(this.#paint('33', text))
  }

  /** One step: what was asked, what was answered, how far that leads. */
  step(report: SegmentReport): void {
    this.#steps++
    const { range, status, contentRange, received, total } = report
    const asked = range === null ? 'no Range' : `Range: ${range}`
    const answered = contentRange === null ? String(status) : `${status} Content-Range: ${contentRange}`
    const soFar = `${received} of ${total ?? 'unknown'} bytes`
    if (!this.#out.isTTY) {
      this.say(`step ${this.#steps}: ${asked} -> ${answered}, ${soFar}`)
      return
    }
    const number = this.#paint('2', String(this.#steps).padStart(4))
    const bar = this.#bar(total === null || total === 0 ? 1 : received / total)
    const width = total === null ? 0 : 2 * String(total).length
    const ask = this.#paint('36', asked.padEnd('Range: bytes=-'.length + width))
    this.say(`${number}  ${ask}  ${this.#paint('32', answered.padEnd(30 + width))}  ${bar}  ${soFar}`)
  }

  #bar(share: number): string {
    const full = Math.floor(share * BAR)
    return this.#paint('35', '█'.repeat(full)) + this.#paint('2', '░'.repeat(BAR - full))
  }

  #paint(code: string, text: string): string {
    return this.#isColoured ? `\u001b[${code}m${text}\u001b[0m` : text
  }
}
