import { Transform } from 'node:stream'
import { Parser } from 'tap-parser'

const TOTALS = /^# \{ total: /
const NOISE = /^# (time|No coverage)/

/**
 * Prints every failed assertion with its diagnostics, the coverage table, and as its last line
 * `N passed, N failed, N skipped`. A Transform because tap pipes the reporter on to stdout.
 */
export default class LineReporter extends Transform {
  #parser = new Parser()
  #totals

  constructor() {
    super({ decodeStrings: false })
    this.#parser.on('comment', (comment) => {
      if (TOTALS.test(comment)) {
        this.#totals = Object.fromEntries(comment.match(/\w+: \d+/g).map((pair) => pair.split(': ')))
      } else if (!NOISE.test(comment)) {
        this.push(comment.replace(/^# ?/, ''))
      }
    })
    this.#watch(this.#parser, [])
  }

  #watch(parser, path) {
    parser.on('child', (child) => this.#watch(child, [...path, child.name]))
    parser.on('assert', (result) => {
      if (result.skip) this.push(`skipped: ${[...path, result.name].join(' > ')} (${result.skip})\n`)
      if (result.ok) return
      this.push(`not ok: ${[...path, result.name].join(' > ')}\n`)
      if (result.diag && !result.diag.command) this.push(`${JSON.stringify(result.diag, null, 2)}\n`)
    })
  }

  _transform(chunk, _encoding, callback) {
    this.#parser.write(chunk)
    callback()
  }

  _flush(callback) {
    this.#parser.end()
    const { pass = 0, fail = 0, skip = 0, todo = 0 } = this.#totals ?? { fail: 1 }
    this.push(`${pass} passed, ${fail} failed, ${Number(skip) + Number(todo)} skipped\n`)
    callback()
  }
}
