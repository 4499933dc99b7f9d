import t from 'tap'
import { formatSeconds } from './format.ts'
import { goalRow } from './goals.ts'

const ratio = { what: 'a file', measure: 'CPU', against: 'nginx', limit: 'at most', bound: 2 } as const

t.test('a goal is reached at its bound, and missed beyond it', async (t) => {
  t.strictSame(goalRow({ ...ratio, measured: 2 }), ['a file', 'CPU', 'nginx', '≤ 2×', '2.00×', 'reached'])
  t.strictSame(goalRow({ ...ratio, measured: 2.5 }), ['a file', 'CPU', 'nginx', '≤ 2×', '2.50×', 'missed'])
  t.equal(goalRow({ ...ratio, limit: 'at least', bound: 1, measured: 0.9 }).at(-1), 'missed')
  t.equal(goalRow({ ...ratio, limit: 'at least', bound: 1, measured: 1 }).at(-1), 'reached')
})

t.test('a goal whose other server is not installed is not measured', async (t) => {
  t.strictSame(goalRow({ ...ratio, measured: undefined }).slice(3), ['≤ 2×', '', 'not measured'])
})

t.test('a bound that stands by itself has its unit', async (t) => {
  const row = goalRow({
    what: 'p50',
    measure: 'time',
    limit: 'at most',
    bound: 0.001,
    measured: 0.0025,
    format: formatSeconds,
  })
  t.strictSame(row, ['p50', 'time', '–', '≤ 1.00 ms', '2.50 ms', 'missed'])
})
