// The manual page of range-get, from the table of its options and the texts of its help.
import { EXIT_STATUS_MEANINGS } from '#client/command/exit-status.js'
import {
  ENVIRONMENT,
  EXAMPLES,
  KEYS,
  linesIn,
  SEVERAL_URLS,
  SUMMARY,
  textOf,
  VALUES,
} from '#client/command/help.js'
import { GROUPS } from '#client/command/option-row.js'
import { OPTION_LIST } from '#client/command/option-table.js'

/** The day of the last change to the texts of this file. */
const DATE = '2026-11-29'

/** Escapes make a line longer, and mandoc allows 80 bytes. */
const COLUMNS = 66

const FILES: readonly (readonly [path: string, meaning: string])[] = [
  ['NAME.part', 'the bytes received so far'],
  ['NAME.part.json', 'which bytes these are, and of which version of the file'],
  ['NAME.part.lock', 'the lock of the run that writes them'],
  [
    '$XDG_STATE_HOME/range-get/journal.key',
    'the secret with which NAME.part.json is signed; ~/.local/state is used if the variable is not set',
  ],
]

/** The page in the form of man(7). `version` is that of the package. */
export function manualPage(version: string): string {
  const options = GROUPS.flatMap((group) => [
    `.SS ${group}`,
    ...OPTION_LIST.filter((row) => row.group === group).flatMap((row) => {
      const value = row.value === undefined ? '' : ` \\fI${escaped(row.value)}\\fR`
      const flags = [...(row.short === undefined ? [] : [`-${row.short}`]), `--${row.name}`]
      const spelling = flags.map((flag) => `\\fB${escaped(flag)}\\fR`).join(', ')
      return ['.TP', `${spelling}${value}`, paragraph(textOf(row))]
    }),
  ])
  return [
    `.TH RANGE\\-GET 1 ${DATE} "range\\-get ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    'range\\-get \\- downloader that resumes and never leaves a wrong file',
    '.SH SYNOPSIS',
    '.B range\\-get\n[\\fIoptions\\fR] \\fIURL\\fR...',
    '.SH DESCRIPTION',
    paragraph(SUMMARY),
    '.PP',
    paragraph(KEYS),
    '.SH OPTIONS',
    paragraph(VALUES),
    ...options,
    '.SH EXIT STATUS',
    ...entries(EXIT_STATUS_MEANINGS.map(([status, meaning]) => [String(status), meaning])),
    '.PP',
    paragraph(SEVERAL_URLS),
    '.SH ENVIRONMENT',
    ...entries(ENVIRONMENT),
    '.SH FILES',
    ...entries(FILES),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, purpose]) => [
      '.TP',
      paragraph(`${purpose.charAt(0).toUpperCase()}${purpose.slice(1)}:`),
      `.nf\n${escaped(command)}\n.fi`,
    ]),
    '.SH SEE ALSO',
    '.BR curl (1),\n.BR wget (1)',
    '',
  ].join('\n')
}

function entries(rows: readonly (readonly [name: string, meaning: string])[]): string[] {
  return rows.flatMap(([name, meaning]) => ['.TP', `\\fB${escaped(name)}\\fR`, paragraph(meaning)])
}

/** Each sentence begins a line, as man(7) wants it. */
function paragraph(text: string): string {
  const sentences = text.replaceAll('. ', '.\n').split('\n')
  return escaped(sentences.flatMap((sentence) => linesIn(sentence, COLUMNS)).join('\n'))
}

/** A hyphen that is typed is not one that may be broken; a line must not begin like a request. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&')
}
