// How far a run of the tests is.
import { sourceName } from './failure.ts'
import type { Counts } from './run-report.ts'

/** On a terminal one line is written again and again; elsewhere a line is added now and then. */
export type Display = 'rewritten' | 'appended'

const REWRITE_MS = 200
const APPEND_MS = 30_000
const ERASE_LINE = '\r\u001b[K'

/** Where progress is written. */
export interface ProgressOptions {
  readonly display: Display
  readonly counts: Readonly<Counts>
  /** Of the terminal. */
  readonly columns: number
  readonly write: (text: string) => void
}

/** Shows which files run, and how many of all are done. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #running = new Set<string>()
  #done = 0
  #total = 0
  #isShown = false
  #timer: NodeJS.Timeout | null = null

  constructor(options: ProgressOptions) {
    this.#options = options
  }

  /** This many files are to run. */
  expect(total: number): void {
    this.#total = total
    const interval = this.#options.display === 'rewritten' ? REWRITE_MS : APPEND_MS
    this.#timer ??= setInterval(() => this.show(), interval).unref()
  }

  begin(file: string): void {
    this.#running.add(file)
  }

  end(file: string): void {
    this.#running.delete(file)
    this.#done++
  }

  show(): void {
    const { display, columns, write } = this.#options
    this.#isShown = display === 'rewritten'
    write(this.#isShown ? `${ERASE_LINE}${this.line.slice(0, Math.max(0, columns - 1))}` : `${this.line}\n`)
  }

  /** Call it before anything else is written. */
  hide(): void {
    if (this.#isShown) this.#options.write(ERASE_LINE)
    this.#isShown = false
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.hide()
  }

  get line(): string {
    const { passed, failed } = this.#options.counts
    const running = [...this.#running].map((file) => sourceName(file).replace(/^test\//, ''))
    const files = `${this.#done} of ${this.#total} files, ${passed} passed, ${failed} failed`
    return running.length === 0 ? files : `${files}; running ${running.join(', ')}`
  }
}
