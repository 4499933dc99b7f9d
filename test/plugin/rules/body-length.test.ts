import t from 'tap'
import { BodyCount } from '#plugin/rules/body-length.js'

const bytesOf = (text: string): Uint8Array => Buffer.from(text)
const HELLO = { length: 5, bytes: bytesOf('hello') }

/** A head, what is written under it, and what is said of each write. */
interface Case {
  readonly name: string
  readonly status: number
  readonly length: number | undefined
  readonly writes: readonly (readonly [text: string, verdict: string])[]
  readonly mayEnd: boolean
}

const CASES: readonly Case[] = [
  { name: 'a body that was not written may not end', status: 200, length: 5, writes: [], mayEnd: false },
  { name: 'a body of no bytes may end', status: 200, length: 0, writes: [], mayEnd: true },
  {
    name: 'a part of the body is not the whole',
    status: 200,
    length: 5,
    writes: [['hell', 'fits']],
    mayEnd: false,
  },
  {
    name: 'the last byte completes it',
    status: 200,
    length: 5,
    writes: [
      ['hell', 'fits'],
      ['o', 'completes'],
    ],
    mayEnd: true,
  },
  {
    name: 'an empty write completes nothing, and changes nothing after the last byte',
    status: 200,
    length: 5,
    writes: [
      ['', 'fits'],
      ['hello', 'completes'],
      ['', 'fits'],
    ],
    mayEnd: true,
  },
  { name: 'a byte too many is wrong', status: 200, length: 5, writes: [['hello!', 'wrong']], mayEnd: false },
  {
    name: 'other bytes of a 200 are those of another representation',
    status: 200,
    length: 5,
    writes: [['HELLO', 'completes']],
    mayEnd: true,
  },
  {
    name: 'other bytes of a 206 are wrong',
    status: 206,
    length: 5,
    writes: [['hellO', 'wrong']],
    mayEnd: true,
  },
  {
    name: 'other bytes in the second write of a 206 are wrong',
    status: 206,
    length: 5,
    writes: [
      ['he', 'fits'],
      ['Llo', 'wrong'],
    ],
    mayEnd: true,
  },
  {
    name: 'a 206 that announces no length has that of its range',
    status: 206,
    length: undefined,
    writes: [
      ['hell', 'fits'],
      ['o', 'completes'],
    ],
    mayEnd: true,
  },
  {
    name: 'a 200 that announces no length may have any',
    status: 200,
    length: undefined,
    writes: [['hello, world', 'fits']],
    mayEnd: true,
  },
  {
    name: 'a 204 and a 304 end with their heads, whatever length they announce',
    status: 304,
    length: 5,
    writes: [['x', 'fits']],
    mayEnd: true,
  },
]

for (const { name, status, length, writes, mayEnd } of CASES) {
  t.test(`a count of ${status} with ${length ?? 'no'} bytes announced: ${name}`, async (t) => {
    const count = new BodyCount(HELLO)
    for (const [text, verdict] of writes) t.equal(count.add({ status, length }, bytesOf(text)), verdict, text)
    t.equal(count.count, writes.map(([text]) => text).join('').length, 'bytes are counted, right or wrong')
    t.equal(count.mayEnd({ status, length }), mayEnd, 'whether the body may end here')
  })
}

t.test('bytes that are not in memory are not compared', async (t) => {
  t.equal(new BodyCount({ length: 5 }).add({ status: 206, length: 5 }, bytesOf('HELLO')), 'completes')
})
