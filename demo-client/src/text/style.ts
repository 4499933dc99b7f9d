// How text for people is drawn: with colours or without, with all characters or those of ASCII. Pure.
import { escaped } from './one-line.ts'

/** What a part of a text is. Each terminal style draws it in its own way. */
export type Role = 'name' | 'filled' | 'empty' | 'good' | 'attention' | 'failure'

/** How text is drawn on one stream. */
export interface Style {
  /** Where a text was shortened. */
  readonly ellipsis: string
  /** A column of a bar, filled and empty. */
  readonly bar: { readonly filled: string; readonly empty: string }
  /** Text from elsewhere, such as a name, in characters that the stream can show. */
  readonly legible: (text: string) => string
  /** Adds the colour of `role`. The width of the text stays the same. */
  readonly paint: (role: Role, text: string) => string
}

/** Which characters a stream can show: those of ASCII, or all. With `'names'`, only names and messages may have others. */
export type Characters = 'all' | 'names' | 'ascii'

/** A style without colours. */
export function plainStyle(characters: Characters): Style {
  const isFull = characters === 'all'
  return {
    ellipsis: isFull ? '…' : '...',
    bar: isFull ? { filled: '█', empty: '░' } : { filled: '#', empty: '-' },
    legible: characters === 'ascii' ? inAscii : (text) => text,
    paint: (_, text) => text,
  }
}

const SPELLED: Readonly<Record<string, string>> = { '…': '...', '→': '->', '–': '-', '’': "'" }

/** Characters that are not in ASCII are spelled in it, or escaped such as `\u65e5`. */
function inAscii(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (character) => SPELLED[character] ?? escaped(character))
}
