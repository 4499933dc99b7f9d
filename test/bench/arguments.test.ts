import t from 'tap'
import { parseCommand } from './arguments.ts'

const names = ['range-4', 'stalled']

t.test('a valid command line gives its options', async (t) => {
  const full = {
    depth: 'full',
    only: [],
    rounds: undefined,
    markdown: undefined,
    update: undefined,
    bun: 'bun',
  }
  const cases = [
    { name: 'no argument', args: [], options: full },
    { name: 'quick', args: ['--quick'], options: { ...full, depth: 'quick' } },
    { name: 'one section', args: ['--only', 'stalled'], options: { ...full, only: ['stalled'] } },
    { name: 'sections in a list', args: ['--only', 'range-4,stalled'], options: { ...full, only: names } },
    {
      name: 'rounds and a file',
      args: ['--rounds', '9', '--markdown', 'a.md'],
      options: { ...full, rounds: 9, markdown: 'a.md' },
    },
    { name: 'a file to update', args: ['--update', 'a.md'], options: { ...full, update: 'a.md' } },
    { name: 'the place of Bun', args: ['--bun', '/a/bun'], options: { ...full, bun: '/a/bun' } },
  ]
  for (const { name, args, options } of cases) {
    t.strictSame(parseCommand(args, names), { kind: 'run', options }, name)
  }
})

t.test('an invalid command line is refused', async (t) => {
  for (const args of [['--only', 'x'], ['--rounds', '0'], ['--rounds', 'x'], ['--fast'], ['x']]) {
    t.match(parseCommand(args, names), { kind: 'wrong', message: String }, args.join(' '))
  }
})

t.test('--help asks for the help, also with other options', async (t) => {
  t.strictSame(parseCommand(['--quick', '--help'], names), { kind: 'help' })
})
