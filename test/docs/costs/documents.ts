import { readFileSync } from 'node:fs'
import { REPOSITORY } from '../../support/repository.ts'
import { readDocument } from '../support/markdown.ts'
import { downloadTable, type Language, serverTable } from './cost-tables.ts'

const FIGURES = 'test/bench/FIGURES.md'

/** A document with tables of what it costs, in this order below this heading. */
interface CostDocument {
  readonly path: string
  readonly heading: string
  readonly language: Language
  readonly tables: readonly (typeof serverTable)[]
}

const DOCUMENTS: readonly CostDocument[] = [
  { path: 'README.md', heading: 'What it costs', language: 'english', tables: [serverTable] },
  { path: 'plugin/README.md', heading: 'What it costs', language: 'english', tables: [serverTable] },
  { path: 'demo-client/README.md', heading: 'What it costs', language: 'english', tables: [downloadTable] },
  { path: 'README.zh-CN.md', heading: '开销', language: 'chinese', tables: [serverTable, downloadTable] },
]

/** A document as it is, and as it is with the tables of the committed figures. */
export interface RenewedDocument {
  readonly path: string
  readonly text: string
  readonly renewed: string
}

/** All documents with figures. */
export function renewedDocuments(): readonly RenewedDocument[] {
  const figures = readDocument(FIGURES)
  return DOCUMENTS.map(({ path, heading, language, tables }) => {
    const text = readFileSync(REPOSITORY + path, 'utf8')
    const lines = text.split('\n')
    const renewed = lines.slice(0, lines.indexOf(`## ${heading}`))
    let at = renewed.length
    for (const tableOf of tables) {
      const begin = indexFrom(lines, at, (line) => line.startsWith('|'))
      renewed.push(...lines.slice(at, begin), ...tableOf(figures, language))
      at = indexFrom(lines, begin, (line) => !line.startsWith('|'))
    }
    return { path, text, renewed: [...renewed, ...lines.slice(at)].join('\n') }
  })
}

/** Throws if there is no such line. */
function indexFrom(lines: readonly string[], from: number, is: (line: string) => boolean): number {
  const found = lines.findIndex((line, index) => index >= from && is(line))
  if (from < 0 || found === -1) throw new Error('A document has no table of what it costs')
  return found
}
