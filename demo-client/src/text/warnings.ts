// Warnings of a successful download: what the file system or the server could not do, and what that means. Pure.

/** What could not be done. */
export type WarningKind =
  | 'hard-links'
  | 'free-space'
  | 'dates'
  | 'modes'
  | 'flushes'
  | 'name'
  | 'special-modes'
  | 'owner'
  | 'end'
  | 'record'
  | 'netrc'
  | 'metalink'
  | 'withheld'

const WORDS: Readonly<Record<WarningKind, string>> = {
  'hard-links':
    'the file system has no hard links: if the program is killed while the file gets its name, an empty file can stay there, which the next run removes',
  'free-space':
    'the file system does not say how much space is free: a full disk is noticed only when a write fails',
  dates: 'the file system refuses to set dates: the file has the date of its download',
  end: 'the server announced no length, and Node.js does not report whether TLS was closed correctly: an attacker on the network could have cut the file short',
  flushes: 'the file system cannot flush: a power cut soon after the download can lose the file, or its name',
  name: 'the directory could not be flushed: a power cut soon after the download can lose the name of the file',
  'special-modes':
    'the replaced file was set-user-ID, set-group-ID or sticky: the new file is not, because its content is different',
  owner: 'the file does not have the owner and group of the file it replaced: this user may not set them',
  netrc: 'other users can read the netrc file: chmod 600 keeps its passwords secret',
  metalink:
    'the server sent a Metalink, which describes the files to download: --metalink URL (in a program readMetalink()) downloads these',
  record:
    'nothing could be recorded about the file for --update: the next run fetches it again, unless the server sends a digest',
  withheld:
    'header fields and certificates are for the origin of the first URL alone: a file of another one was asked for without them',
  modes: 'the file system refuses to set modes: the file does not have the mode of the file it replaced',
}

/** The warnings of one download. */
export class Warnings {
  readonly #kinds = new Set<WarningKind>()

  readonly #others = new Set<string>()

  add(kind: WarningKind): void {
    this.#kinds.add(kind)
  }

  has(kind: WarningKind): boolean {
    return this.#kinds.has(kind)
  }

  /** One about this download alone. */
  addSentence(sentence: string): void {
    this.#others.add(sentence)
  }

  /** A sentence for each. */
  get sentences(): readonly string[] {
    return [...[...this.#kinds].map((kind) => WORDS[kind]), ...this.#others]
  }
}
