/** A table for people. The first column has names, the others have figures. */
export interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Lines below the table: what was skipped, how to read it. */
  readonly notes: readonly string[]
}

/** What a section has found. */
export interface Findings {
  readonly tables: readonly Table[]
  /** Rows of the table of goals. */
  readonly goals: readonly (readonly string[])[]
}

/** For a terminal. */
export function renderText(table: Table): string {
  const lines = [table.columns, ...table.rows]
  const widths = table.columns.map((_, column) => Math.max(...lines.map((line) => cell(line, column).length)))
  const body = lines.map((line) => `  ${padded(line, widths)}`.trimEnd())
  return [table.title, ...body, ...table.notes.map((note) => `  ${note}`), ''].join('\n')
}

function padded(line: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) =>
    column === 0 ? cell(line, column).padEnd(width) : cell(line, column).padStart(width),
  )
  return cells.join('  ')
}

function cell(line: readonly string[], column: number): string {
  return line[column] ?? ''
}

/** For a file that is rendered as Markdown. */
export function renderMarkdown(table: Table): string {
  const rule = table.columns.map((_, column) => (column === 0 ? '---' : '---:'))
  const rows = [table.columns, rule, ...table.rows].map((line) => `| ${line.map(escaped).join(' | ')} |`)
  const notes = table.notes.length === 0 ? [] : ['', ...table.notes.map((note) => `${note}  `)]
  return [`### ${table.title}`, '', ...rows, ...notes, ''].join('\n')
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}
