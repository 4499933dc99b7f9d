// The tables of what it costs, in the READMEs, from the committed figures.
import type { Document } from '../support/markdown.ts'
import { CHINESE_WORDS } from './chinese-words.ts'

/** A language that the tables are in. */
export type Language = 'english' | 'chinese'

/** A table in Markdown, line by line. */
type Lines = readonly string[]

interface Figures {
  /** The title of the table, without the number of connections. */
  readonly title: string
  readonly rows: Document['tables'][number]['rows']
}

const SERVERS = [
  'fastify-send-range',
  '@fastify/static',
  'bare node:http',
  'nginx',
  'nginx, open_file_cache',
  'Go net/http',
  'Bun, dir',
]
const DOWNLOADS = [
  'Downloads to a file',
  'Downloads over a slow line',
  'Downloads over TLS, to a pipe and of small files',
]
const MISSING = '–'
const CPU = /^server CPU/

/** CPU of each server for each kind of work: the columns and rows that have been measured, in the order of the figures. */
export function serverTable(figures: Document, language: Language): Lines {
  const works = figuresOf(figures).filter(
    ({ title, rows }) => !title.includes(' with wrk ') && cpuOf(rows, 'fastify-send-range') !== undefined,
  )
  const servers = SERVERS.filter((name) => works.some(({ rows }) => cpuOf(rows, name) !== undefined))
  const rows = works.map((work) => [
    wordsOf(work.title, language),
    ...servers.map((name) => cpuOf(work.rows, name) ?? MISSING),
  ])
  return linesOf([['', ...servers], ...rows])
}

/** Time and memory of each downloader. */
export function downloadTable(figures: Document, language: Language): Lines {
  const found = figuresOf(figures).filter(({ title }) => DOWNLOADS.includes(title))
  const rows = found.flatMap((table) =>
    table.rows.map((row) => [
      downloadWords(row[''] ?? '', language),
      median(row['time']),
      row['most memory'] ?? '',
    ]),
  )
  const columns = ['time', 'most memory'].map((column) => wordsOf(column, language))
  return linesOf([['', ...columns], ...rows])
}

function figuresOf({ tables }: Document): Figures[] {
  return tables.map(({ heading, rows }) => ({ title: heading.replace(/ \(\d+ connections\)$/, ''), rows }))
}

/** The median of a server's CPU, if it took part. */
function cpuOf(rows: Figures['rows'], server: string): string | undefined {
  const row = rows.find((candidate) => candidate[''] === server)
  const cell = Object.entries(row ?? {}).find(([column]) => CPU.test(column))
  return cell && median(cell[1])
}

/** Without the minimum and maximum after it. */
function median(cell = ''): string {
  return cell.replace(/ \(.*\)$/, '')
}

/** The name of a row: the work and the program. */
function downloadWords(name: string, language: Language): string {
  const [work = '', program = ''] = name.split(': ')
  return language === 'english' ? name : `${wordsOf(work, language)}：${wordsOf(program, language)}`
}

/** The words of the figures in a language. Throws if they are not translated. */
function wordsOf(english: string, language: Language): string {
  if (language === 'english' || /^(?:range-get|curl|wget|aria2c)(?! then)[^,]*$/.test(english)) return english
  const chinese = CHINESE_WORDS[english]
  if (chinese === undefined) throw new Error(`"${english}" has no translation in chinese-words.ts`)
  return chinese
}

function linesOf([columns = [], ...rows]: readonly (readonly string[])[]): Lines {
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'))
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`.replace(/^\| {2}/, '| ')
  return [line(columns), line(rule), ...rows.map(line)]
}
