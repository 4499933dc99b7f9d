import t from 'tap'
import { KINDS } from './neighbour-kinds.ts'
import { runKind } from './run-kind.ts'

t.setTimeout(300_000)

/** For each kind; `main.ts` runs any number. */
const ANSWERS = 200

for (const kind of KINDS) {
  t.test(`every byte is right (${kind.name})`, async (t) => {
    const tally = await runKind(kind, ANSWERS)
    t.equal(tally.wrong, 0, `no answer holds a wrong byte: ${tally.firstWrong ?? ''}`)
    t.equal(tally.cut, 0, 'no answer is cut or stays out')
    t.ok(tally.answers >= ANSWERS, 'all answers came')
  })
}
