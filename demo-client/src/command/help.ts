// The text of `--help`: ASCII, and at most 80 columns wide.
import { EXIT_STATUS_HELP } from './exit-status.ts'
import { GROUPS } from './option-row.ts'
import { type NamedOption, OPTION_LIST } from './option-table.ts'
import { spellingOf } from './parse-options.ts'

const COLUMNS = 80
/** Where the text of an option begins. */
const TEXT_COLUMN = 30

/** What the command is, in a few lines of the help and of the manual page. */
export const SUMMARY =
  'Downloads files over http and https, in parallel ranges, and resumes earlier runs. A file gets its name only when it is complete and verified. Until then it is NAME.part.'

/** What people do most often, with what it is for. */
export const EXAMPLES: readonly (readonly [command: string, purpose: string])[] = [
  ['range-get https://example.com/file.iso', 'to this directory; run it again to resume'],
  ['range-get -o copy.iso https://example.com/file.iso', 'under another name'],
  ['range-get -d isos --create-dirs https://example.com/{a,b}.iso', 'several files to a directory'],
  ['range-get -n 8 --limit-rate 2M https://example.com/file.iso', 'eight connections, 2 MiB/s'],
  [
    'range-get --checksum sha-256=DIGEST https://example.com/file.iso',
    'only the file with the published digest',
  ],
]

/** How values are written that several options take. */
export const VALUES =
  'SIZE is 4, 64k, 8M or 1.5G bytes, in powers of 1024, and RATE the same per second. TIME is 500ms, 2s, 1m or 1h; a number alone counts seconds, and for --delay milliseconds.'

/** What keys do on a terminal. */
export const KEYS =
  'While it runs: p pauses, any other key resumes, q or Ctrl-C stops. The same command later resumes the download.'

/** Variables of the environment that change what the command does. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['http_proxy, https_proxy, all_proxy', 'proxies to use without --proxy'],
  ['no_proxy', 'hosts that are reached without a proxy'],
  ['NO_COLOR', 'if it is not empty, no colours'],
  ['FORCE_COLOR', 'if it is not empty, colours even where there is no terminal; 0: none'],
  ['TERM', 'with "dumb", plain lines in place of a bar'],
  ['LC_ALL, LC_CTYPE, LANG', 'in a locale without UTF-8, output is ASCII'],
]

/** Which status several downloads have. */
export const SEVERAL_URLS =
  'With several URLs the status is that of the first failure. The other files are downloaded nevertheless, except with -o - or on a full disk.'

/** The text of `--help`. */
export const HELP: string = [
  'Usage: range-get [options] URL...',
  wrapped(SUMMARY),
  `Examples\n${EXAMPLES.map(([command, purpose]) => `  # ${purpose}\n  ${command}`).join('\n')}`,
  ...GROUPS.map((group) => `${group}\n${linesOf(OPTION_LIST.filter((row) => row.group === group))}`),
  wrapped(VALUES),
  wrapped(KEYS),
  `Environment\n${ENVIRONMENT.map(environmentLines).join('\n')}`,
  EXIT_STATUS_HELP,
  wrapped(SEVERAL_URLS),
].join('\n\n')

function linesOf(rows: readonly NamedOption[]): string {
  return rows
    .map((row) => {
      const left = `  ${row.short === undefined ? '    ' : ''}${spellingOf(row)}`
      const lines = linesIn(textOf(row), COLUMNS - TEXT_COLUMN)
      return `${left.padEnd(TEXT_COLUMN)}${lines.join(`\n${' '.repeat(TEXT_COLUMN)}`)}`
    })
    .join('\n')
}

function environmentLines([name, meaning]: readonly [name: string, meaning: string]): string {
  const text = linesIn(meaning, COLUMNS - TEXT_COLUMN).join(`\n${' '.repeat(TEXT_COLUMN)}`)
  const left = `  ${name}`
  return left.length < TEXT_COLUMN
    ? `${left.padEnd(TEXT_COLUMN)}${text}`
    : `${left}\n${' '.repeat(TEXT_COLUMN)}${text}`
}

/** The text of an option, with its default if that is a value that could be given. */
export function textOf({ text, default: byDefault = '' }: NamedOption): string {
  return /^[\d.]/.test(byDefault) ? `${text} (default: ${byDefault})` : text
}

function wrapped(text: string): string {
  return linesIn(text, COLUMNS).join('\n')
}

/** The lines of a text that is broken between words. A word that is too long is not broken. */
export function linesIn(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
