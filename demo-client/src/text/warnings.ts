// What a file system or a server does not offer, and what is then not certain or not kept. The download works all the same.
// Pure.

/** What is missing. */
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

const WORDS: Readonly<Record<WarningKind, string>> = {
  'hard-links':
    'the file system has no hard links: a kill in the instant in which the file gets its name can leave an empty file there, which the next run takes away',
  'free-space':
    'the file system does not say how much space is free: a full disk shows only when a write fails',
  dates: 'the file system refuses to set dates: the file has the date of its download',
  end: 'the server announced no length, and Node.js does not tell whether it closed TLS as it should: anybody on the way could have cut the file short',
  flushes: 'the file system does not flush: a power cut soon after can cost the file, or its name',
  name: 'no file descriptor or memory was left to flush the directory: a power cut soon after can cost the name of the file',
  'special-modes':
    'the file that was replaced was set-user-ID, set-group-ID or sticky: the new one is not, since its bytes are others',
  owner: 'the file does not have the owner and group of the one it replaced: this user may not give it away',
  modes: 'the file system refuses to set modes: the file does not have the mode of the one it replaced',
}

/** What one download has met. */
export class Warnings {
  readonly #kinds = new Set<WarningKind>()

  add(kind: WarningKind): void {
    this.#kinds.add(kind)
  }

  /** A sentence for each. */
  get sentences(): readonly string[] {
    return [...this.#kinds].map((kind) => WORDS[kind])
  }
}
