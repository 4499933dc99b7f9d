import { readFileSync } from 'node:fs'
import { REPOSITORY } from '../../support/repository.ts'

/** A fenced block of code. */
export interface Block {
  /** The nearest heading above it, without its marks. */
  readonly heading: string
  /** The text after the opening fence. */
  readonly language: string
  readonly text: string
}

/** A table: one record for each row, by the names of the columns. */
export interface Table {
  readonly heading: string
  readonly rows: readonly Readonly<Record<string, string>>[]
}

/** The parts of a Markdown file that tests use. */
export interface Document {
  readonly text: string
  readonly headings: readonly string[]
  readonly blocks: readonly Block[]
  readonly tables: readonly Table[]
}

/** Reads a Markdown file of the repository. */
export function readDocument(path: string): Document {
  return parseDocument(readFileSync(REPOSITORY + path, 'utf8'))
}

/** Finds headings, fenced blocks and tables in Markdown. */
export function parseDocument(text: string): Document {
  const headings: string[] = []
  const blocks: Block[] = []
  const tables: Table[] = []
  const lines = text.split('\n')
  const headingNow = (): string => headings.at(-1) ?? ''
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    if (line.startsWith('```')) {
      const end = lines.indexOf('```', at + 1)
      if (end === -1) throw new Error(`a fence without an end under "${headingNow()}"`)
      blocks.push({
        heading: headingNow(),
        language: line.slice(3),
        text: lines.slice(at + 1, end).join('\n'),
      })
      at = end
    } else if (line.startsWith('#')) {
      headings.push(line.replace(/^#+ /, ''))
    } else if (line.startsWith('|')) {
      const next = lines.findIndex((other, index) => index > at && !other.startsWith('|'))
      const end = next === -1 ? lines.length : next
      tables.push({ heading: headingNow(), rows: rowsOf(lines.slice(at, end)) })
      at = end - 1
    }
  }
  return { text, headings, blocks, tables }
}

function rowsOf([head = '', , ...rows]: readonly string[]): Record<string, string>[] {
  const names = cellsOf(head)
  return rows.map((row) => Object.fromEntries(cellsOf(row).map((cell, index) => [names[index] ?? '', cell])))
}

/** A `\|` inside a cell is a bar, not a border. */
function cellsOf(row: string): string[] {
  const cells = row.split(/(?<!\\)\|/).slice(1, -1)
  return cells.map((cell) => cell.replaceAll('\\|', '|').trim())
}

/** The one table under a heading. */
export function tableUnder(document: Document, heading: string): Table['rows'] {
  const found = document.tables.filter((table) => table.heading === heading)
  if (found.length !== 1 || found[0] === undefined)
    throw new Error(`${found.length} tables under "${heading}"`)
  return found[0].rows
}

/** A cell without the marks of code. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '')
}
