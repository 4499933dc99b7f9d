import t from 'tap'
import { figuresFile, updatedFigures } from './figures-file.ts'
import type { Table } from './table.ts'

const columns = ['', 'measure', 'against', 'measured']
const table = (title: string, ...rows: string[][]): Table => ({ title, columns, rows, notes: [] })
const machine = ['two cores']
const lines = (text: string): string[] => text.split('\n').filter((line) => /^(?:###|- |\| [a-z])/.test(line))

const goals = table('Goals', ['a', 'CPU', 'nginx', '1'], ['b', 'CPU', 'nginx', '1'])
const old = figuresFile(machine, [table('One', ['x', '1']), table('Two', ['y', '1']), goals])

t.test('the goals come first', async (t) => {
  t.strictSame(
    lines(old).filter((line) => !line.startsWith('|')),
    ['- two cores', '### Goals', '### One', '### Two'],
  )
})

t.test('a table of the same title is replaced in its place, and a new one is added', async (t) => {
  const text = updatedFigures(old, ['four cores'], [table('Three', ['z', '3']), table('One', ['x', '2'])])
  t.strictSame(lines(text), [
    '- four cores',
    '### Goals',
    '| a | CPU | nginx | 1 |',
    '| b | CPU | nginx | 1 |',
    '### One',
    '| x | 2 |',
    '### Two',
    '| y | 1 |',
    '### Three',
    '| z | 3 |',
  ])
})

t.test('goals are replaced one by one, unless they have other columns', async (t) => {
  const some = table('Goals', ['b', 'CPU', 'nginx', '2'], ['b', 'CPU', 'Go', '2'])
  t.strictSame(lines(updatedFigures(old, machine, [some])).slice(2, 5), [
    '| a | CPU | nginx | 1 |',
    '| b | CPU | nginx | 2 |',
    '| b | CPU | Go | 2 |',
  ])
  const others = { ...some, columns: ['', 'another'], rows: [['c', '1']] }
  t.strictSame(lines(updatedFigures(old, machine, [others])).slice(2, 4), ['| c | 1 |', '### One'])
})

t.test('an update without a change leaves the file as it is', async (t) => {
  t.equal(updatedFigures(old, machine, [goals]), old)
})
