// Connections that are far slower than the others are aborted, a limited number of times.
import t from 'tap'
import { Stragglers, straggling } from '#client/rules/stragglers.js'

/** A connection with this rate. */
function connection(rate: number | null) {
  const connection = {
    isAborted: false,
    measure: (): number | null => rate,
    abort: (): void => {
      connection.isAborted = true
    },
  }
  return connection
}

t.test('a straggler has less than 15 % of the upper median', async (t) => {
  const rows: [name: string, rates: (number | null)[], past: number[], want: boolean[]][] = [
    ['of two, the faster one is the measure', [100, 14], [], [false, true]],
    ['slow, but not that slow', [100, 50, 20], [], [false, false, false]],
    ['beside the past', [null, 100], [100], [false, false]],
    ['15 % is enough', [100, 15], [], [false, false]],
    ['one alone has no measure', [1], [], [false]],
    ['one alone beside past ones', [1], [100], [true]],
    ['what is not measured yet is no straggler', [null, 100, 100], [], [false, false, false]],
    ['nothing is measured yet', [null, null], [], [false, false]],
  ]
  for (const [name, rates, past, want] of rows) t.strictSame(straggling(rates, past), want, name)
})

t.test('a straggler is aborted, up to the allowed number of times', async (t) => {
  const stragglers = new Stragglers(2)
  const [fast, slow, slower, last] = [connection(100), connection(9), connection(8), connection(7)]
  stragglers.check([
    fast,
    connection(100),
    connection(100),
    connection(100),
    connection(100),
    slow,
    slower,
    last,
  ])
  const aborted = [fast, slow, slower, last].map(({ isAborted }) => isAborted)
  t.strictSame(aborted, [false, true, true, false])
})

t.test('a connection is compared with the last 16 rates', async (t) => {
  const stragglers = new Stragglers(9)
  for (let time = 0; time < 16; time++) stragglers.addRate(1000)
  const one = connection(100)
  stragglers.check([one])
  t.ok(one.isAborted, 'it is slow in comparison with 16 fast ones')
  for (let time = 0; time < 16; time++) stragglers.addRate(100)
  const other = connection(100)
  stragglers.check([other])
  t.notOk(other.isAborted, 'the fast ones no longer count')
})
