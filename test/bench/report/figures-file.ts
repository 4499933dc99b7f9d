import { renderMarkdown, type Table } from './table.ts'

/** The title of the table whose rows are updated one by one: each section adds some of them. */
const GOALS = 'Goals'
/** The cells of a row of goals that say which goal it is. */
const KEY_CELLS = 3

const HEAD = `# Figures

\`npm run bench\` writes this file (\`--markdown\`, \`--update\`), and \`npm run docs\` copies from it into the READMEs. What the figures
mean, and where the time goes, is in [RESULTS](RESULTS.md).
`

/** The file of figures. @param machine the facts about the last run */
export function figuresFile(machine: readonly string[], tables: readonly Table[]): string {
  return fileOf(
    machine,
    tables.map((table) => [table.title, renderMarkdown(table)]),
  )
}

/** The file of figures with the tables of a run in place of those with the same titles. All others stay. */
export function updatedFigures(old: string, machine: readonly string[], tables: readonly Table[]): string {
  const blocks = new Map(blocksOf(old))
  for (const table of tables) {
    const text = renderMarkdown(table)
    const before = blocks.get(table.title)
    blocks.set(table.title, table.title === GOALS && before !== undefined ? mergedRows(before, text) : text)
  }
  return fileOf(machine, [...blocks])
}

type Block = readonly [title: string, text: string]

function fileOf(machine: readonly string[], blocks: readonly Block[]): string {
  const facts = machine.map((fact) => `- ${fact}`).join('\n')
  const [goals, others] = [true, false].map((isGoals) =>
    blocks.filter(([title]) => (title === GOALS) === isGoals).map(([, text]) => `${text.trimEnd()}\n`),
  )
  return [HEAD, `${facts}\n`, ...(goals ?? []), ...(others ?? [])].join('\n')
}

function blocksOf(text: string): Block[] {
  const [, ...blocks] = text.split(/^### /m)
  return blocks.map((block) => [block.split('\n', 1)[0] ?? '', `### ${block}`])
}

/** A goal that was measured again has its new row, in its old place. */
function mergedRows(old: string, text: string): string {
  const [before, now] = [old, text].map((block) => block.split('\n').filter((line) => line.startsWith('|')))
  const [columns, rule, ...rows] = now ?? []
  if (before?.[0] !== columns) return text
  const keyed = [...(before ?? []).slice(2), ...rows].map((row): Block => [keyOf(row), row])
  const merged = [columns, rule, ...new Map(keyed).values()].join('\n')
  return text.replace((now ?? []).join('\n'), () => merged)
}

function keyOf(row: string): string {
  return row.split(' | ', KEY_CELLS).join(' | ')
}
