import { Transform, type TransformCallback } from 'node:stream'
import t from 'tap'
import { Parser, type Result } from 'tap-parser'
import { type Start, startPlainly } from './plain-start.ts'
import { Progress } from './progress.ts'
import { RunReport } from './run-report.ts'

const TOTALS = /^# \{ total: /
/** Where the terminal does not say its width. */
const DEFAULT_COLUMNS = 80
const NOISE = /^# (time|No coverage)/

/** A file that the runner has started. */
interface TestFile extends Start {
  readonly name: string
  readonly parser: Parser
}

/**
 * What `npm test` prints: each failure when it comes, how far the run is, the coverage table, and as its last line
 * `N passed, N failed, N skipped`. A Transform because tap pipes the reporter on to stdout. What the runner pipes into it
 * has files in their order, each when those before it are done, so failures are taken from the files themselves.
 */
export default class LineReporter extends Transform {
  readonly #parser = new Parser()
  readonly #report = new RunReport((text) => this.#print(text))
  readonly #progress = new Progress({
    display: process.stdout.isTTY && process.env['CI'] === undefined ? 'rewritten' : 'appended',
    counts: this.#report.counts,
    columns: process.stdout.columns || DEFAULT_COLUMNS,
    write: (text) => this.push(text),
  })
  #totals: Readonly<Record<string, string>> = { fail: '1' }

  constructor() {
    super({ decodeStrings: false })
    // In the runner, `t` is the test that has the files as its subtests.
    t.on('subtestStart', (file: TestFile) => {
      startPlainly(file)
      this.#report.begin(file.name, file.parser)
      this.#progress.begin(file.name)
    })
    t.on('subtestEnd', (file: TestFile) => this.#progress.end(file.name))
    this.#parser.on('plan', ({ end }: { end: number }) => this.#progress.expect(end))
    this.#parser.on('assert', (result: Result) => this.#report.end(result.name, result))
    this.#parser.on('bailout', (reason: string) => this.#print(`Bail out! ${reason}\n`))
    this.#parser.on('comment', (comment: string) => {
      if (TOTALS.test(comment)) this.#totals = totalsOf(comment)
      else if (!NOISE.test(comment)) this.#print(comment.replace(/^# ?/, ''))
    })
  }

  #print(text: string): void {
    this.#progress.hide()
    this.push(text)
  }

  override _transform(chunk: unknown, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#parser.write(String(chunk))
    callback()
  }

  override _flush(callback: TransformCallback): void {
    this.#parser.end()
    this.#progress.stop()
    const { pass = 0, fail = 0, skip = 0, todo = 0 } = this.#totals
    this.push(`${pass} passed, ${fail} failed, ${Number(skip) + Number(todo)} skipped\n`)
    callback()
  }
}

/** Of `# { total: 3, pass: 2, … }`. */
function totalsOf(comment: string): Record<string, string> {
  return Object.fromEntries(comment.match(/\w+: \d+/g)?.map((pair) => pair.split(': ')) ?? [])
}
