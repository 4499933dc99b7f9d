// The netrc file: users and passwords by host, in the form of GNU inetutils and curl. Pure.

/** An entry. Null for what it does not say. */
interface Entry {
  /** In lower case; null for `default`. */
  readonly machine: string | null
  login: string | null
  password: string
}

/** The credentials for one host. */
export interface Login {
  readonly login: string
  readonly password: string
}

/** Which entries count: those of named hosts, or also the one for all others. */
export type EntryKind = 'named' | 'any'

/** Quoted, with escapes as curl has them; or up to a blank. */
const WORD = /[\t\n\v\f\r ]*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\t\n\v\f\r ]+))/y
const COMMENT = /[\t\n\v\f\r ]*#[^\n]*/y
/** A macro ends at the first empty line. */
const MACRO = /[^\n]*(?:\n|$)[\s\S]*?(?:\n[\t\r ]*(?=\n|$)|$)/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

/** The entries of a netrc file. */
export class Netrc {
  readonly #entries: Entry[] = []

  /** Words that mean nothing here are skipped. */
  constructor(text: string) {
    const words = new Words(text)
    let entry: Entry | null = null
    for (let keyword = words.keyword(); keyword !== null; keyword = words.keyword()) {
      if (keyword === 'macdef') words.skipMacro()
      else if (keyword === 'machine' || keyword === 'default') {
        const machine = keyword === 'default' ? null : (words.value()?.toLowerCase() ?? '')
        entry = { machine, login: null, password: '' }
        this.#entries.push(entry)
      } else if (keyword === 'account') words.value()
      else if (keyword === 'login' && entry !== null) entry.login = words.value()
      else if (keyword === 'password' && entry !== null) entry.password = words.value() ?? ''
    }
  }

  /** The credentials for `host`, or null: those of the first entry that is for it. An entry without a login has none. */
  find(host: string, kind: EntryKind): Login | null {
    const name = host.replace(/\.$/, '').toLowerCase()
    const entry = this.#entries.find(({ machine }) => (machine === null ? kind === 'any' : machine === name))
    if (entry === undefined || entry.login === null) return null
    return { login: entry.login, password: entry.password }
  }
}

/** Reads a text word by word. */
class Words {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, '')
  }

  /** The next word where a keyword is expected, or null at the end. A comment may be there. */
  keyword(): string | null {
    while (this.#match(COMMENT) !== null);
    return this.value()
  }

  /** The next word, which may begin with `#` as passwords do; null at the end. */
  value(): string | null {
    const match = this.#match(WORD)
    if (match === null) return null
    const [, quoted, plain] = match
    if (quoted === undefined) return String(plain)
    return quoted.replace(/\\([\s\S])/g, (_, letter: string) => ESCAPES[letter] ?? letter)
  }

  skipMacro(): void {
    this.#match(MACRO)
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match !== null) this.#at = pattern.lastIndex
    return match
  }
}
