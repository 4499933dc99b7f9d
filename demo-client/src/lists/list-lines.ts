// The lines of a list of files to download. Pure.
//
// A line is a URL, with `out=NAME` and `checksum=DIGEST` after it, or in lines below it that begin with a blank, as aria2
// has them. Or a line is a JSON object with these three properties. Empty lines, and those that begin with #, are skipped.
import { DownloadError, messageOf } from '../errors.ts'
import { parseChecksum } from '../rules/checksum.ts'
import { withScheme } from '../text/argument-values.ts'
import { nearestName } from '../text/nearest-name.ts'
import { publicUrl } from '../text/public-url.ts'
import { assertInside } from './inside-name.ts'

/** A file in a list. */
export interface ListedFile {
  readonly kind: 'file'
  readonly url: string
  /** Its path below the directory of the download, or null. */
  readonly out: string | null
  /** As the option `checksum` of `download()` has it, or null. */
  readonly checksum: string | null
  /** The number of its line, from 1. */
  readonly line: number
}

/** A line that cannot be used. The lines after it can. */
export interface ListFault {
  readonly kind: 'fault'
  readonly line: number
  /** What is wrong, as a clause. */
  readonly message: string
}

/** What was read from a list. */
export type ListItem = ListedFile | ListFault

type Values = Pick<ListedFile, 'out' | 'checksum'>
const NAMES = ['out', 'checksum'] as const
const JSON_NAMES = ['url', ...NAMES] as const

/** Reads the lines of one list in order. */
export class ListLines {
  #line = 0
  /** The last URL. Lines that begin with a blank may follow it. */
  #open: ListedFile | null = null
  /** Was the last URL wrong? Then the lines that belong to it say nothing new. */
  #isAfterFault = false

  /** The items that are complete with this line, which has no line end. */
  add(text: string): ListItem[] {
    const line = ++this.#line
    const words = text.trim()
    if (words === '' || words.startsWith('#')) return []
    try {
      if (/^\s/.test(text)) {
        this.#addValue(words)
        return []
      }
      const before = this.end()
      this.#isAfterFault = false
      return before.concat(this.#begin(words, line))
    } catch (error) {
      this.#open = null
      const isKnown = /^\s/.test(text) && this.#isAfterFault
      this.#isAfterFault = true
      return isKnown ? [] : [fault(line, error)]
    }
  }

  /** The item that is complete at the end of the list. */
  end(): ListItem[] {
    const open = this.#open
    this.#open = null
    return open === null ? [] : [open]
  }

  #begin(words: string, line: number): ListItem[] {
    try {
      const file: ListedFile = {
        kind: 'file',
        line,
        ...(words.startsWith('{') ? fromJson(words) : fromWords(words)),
      }
      if (words.startsWith('{')) return [file]
      this.#open = file
      return []
    } catch (error) {
      this.#isAfterFault = true
      return [fault(line, error)]
    }
  }

  #addValue(words: string): void {
    const open = this.#open
    if (open === null) throw usage('it begins with a blank, but no URL is above it')
    this.#open = { ...open, ...withValue(open, words) }
  }
}

function fault(line: number, error: unknown): ListFault {
  return { kind: 'fault', line, message: messageOf(error) }
}

function fromWords(words: string): Omit<ListedFile, 'kind' | 'line'> {
  const [first = '', ...others] = words.split(/\s+/)
  let values: Values = { out: null, checksum: null }
  for (const word of others) values = withValue(values, word)
  return { url: checkedUrl(first), ...values }
}

/** `values` with one more: `out=NAME` or `checksum=DIGEST`. */
function withValue(values: Values, text: string): Values {
  const [, name = '', value = ''] = /^([\w-]+)\s*=\s*(.*)$/.exec(text) ?? []
  const known = NAMES.find((each) => each === name)
  if (known === undefined) throw usage(unknownWord(text, name))
  if (values[known] !== null) throw usage(`${known}= is given twice`)
  return { ...values, [known]: checked(known, value) }
}

function unknownWord(text: string, name: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'it has a second URL; write one URL on a line'
  if (name === '')
    return `"${text}" is neither out= nor checksum=; a name with blanks is written below its URL, after a blank`
  return `there is no ${name}=${suggestion(name, NAMES)}; a line may have out= and checksum=`
}

function fromJson(text: string): Omit<ListedFile, 'kind' | 'line'> {
  const given = objectIn(text)
  for (const [name, value] of Object.entries(given)) {
    if (!JSON_NAMES.some((known) => known === name))
      throw usage(`there is no property ${JSON.stringify(name)}${suggestion(name, JSON_NAMES)}`)
    if (typeof value !== 'string' && (value !== null || name === 'url'))
      throw usage(`"${name}" must be a string`)
  }
  const { url, out, checksum } = given as Readonly<Record<string, string | null | undefined>>
  if (typeof url !== 'string') throw usage('"url" is missing')
  return {
    url: checkedUrl(url),
    out: out == null ? null : checked('out', out),
    checksum: checksum == null ? null : checked('checksum', checksum),
  }
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw usage('it begins with { but is not a JSON object')
  }
  return value as Readonly<Record<string, unknown>> // what begins with { and can be parsed is an object
}

function checked(name: (typeof NAMES)[number], value: string): string {
  if (name === 'out') assertInside(value)
  else parseChecksum(value)
  return value
}

function checkedUrl(text: string): string {
  const url = withScheme(text)
  const scheme = URL.canParse(url) ? new URL(url).protocol : null
  if (scheme === null) throw usage(`not a URL: ${publicUrl(url)}`)
  if (scheme === 'http:' || scheme === 'https:') return url
  throw usage(`only http and https can be fetched, not ${publicUrl(url)}`)
}

function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === null ? '' : `; did you mean ${nearest}?`
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
