import { parseArgs } from 'node:util'
import { KINDS } from './neighbour-kinds.ts'
import { runKind } from './run-kind.ts'

const { values } = parseArgs({
  options: { answers: { type: 'string', default: '100000' }, kind: { type: 'string' } },
})
const answers = Number(values.answers)
if (!Number.isSafeInteger(answers) || answers < 1)
  throw new RangeError('--answers must be a whole number above 0')
const kinds = KINDS.filter(({ name }) => values.kind === undefined || name === values.kind)
if (kinds.length === 0)
  throw new RangeError(`--kind must be one of: ${KINDS.map(({ name }) => name).join('; ')}`)

process.stdout.write(
  '| kind | answers | bytes | wrong | cut | first |\n| --- | ---: | ---: | ---: | ---: | --- |\n',
)
for (const kind of kinds) {
  const tally = await runKind(kind, answers)
  const cells = [kind.name, tally.answers, tally.bytes, tally.wrong, tally.cut, tally.firstWrong ?? '']
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
  if (tally.wrong > 0 || tally.cut > 0) process.exitCode = 1
}
