// What is said of the tests of a run while they run: each failure once, each skipped test with its reason.
import type { Parser, Result } from 'tap-parser'
import { describeFailure, sourceName } from './failure.ts'

/** What became of the assertions so far. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Follows the test files of a run. */
export class RunReport {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  readonly #write: (text: string) => void
  /** Failures that were shown, by file. */
  readonly #shown = new Map<string, number>()

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** `parser` reads what the file prints. */
  begin(file: string, parser: Parser): void {
    this.#shown.set(file, 0)
    this.#follow(parser, [file])
  }

  /** `result` is that of the whole file. It is shown where nothing in the file was, such as after a crash. */
  end(file: string, result: Result): void {
    if (result.skip !== false) this.#skipped([], result)
    else if (!result.ok && (this.#shown.get(file) ?? 0) === 0) this.#failed([], result)
    this.#shown.delete(file)
  }

  #follow(parser: Parser, path: readonly [string, ...string[]]): void {
    const [file] = path
    const shown = (): number => this.#shown.get(file) ?? 0
    let shownBefore = shown()
    parser.on('child', (child: Parser) => {
      shownBefore = shown()
      this.#follow(child, [...path, child.name])
    })
    parser.on('assert', (result: Result) => {
      if (result.skip !== false || result.todo !== false) this.#skipped(path, result)
      else if (result.closingTestPoint) {
        // The failures in a test are shown already. It is shown itself where it failed without any, such as by a timeout.
        if (!result.ok && shown() === shownBefore) this.#failed(path, result)
      } else if (result.ok) this.counts.passed++
      else this.#failed(path, result)
    })
  }

  #failed(path: readonly string[], result: Result): void {
    const [file = result.name] = path
    this.#shown.set(file, (this.#shown.get(file) ?? 0) + 1)
    this.counts.failed++
    this.#write(describeFailure(path, result))
  }

  #skipped(path: readonly string[], { name, skip, todo }: Result): void {
    this.counts.skipped++
    const [file = '', ...tests] = [...path, name]
    const reason = [skip, todo].find((each) => typeof each === 'string') ?? 'without a reason'
    this.#write(`skipped: ${[sourceName(file), ...tests].join(' > ')} (${reason})\n`)
  }
}
