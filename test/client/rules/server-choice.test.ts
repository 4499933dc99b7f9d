import t from 'tap'
import { chooseServer, isWorthTakingOver, type ServerPace } from '#client/rules/server-choice.js'

const pace = (more: Partial<ServerPace> = {}): ServerPace => ({
  rate: null,
  active: 0,
  limit: 4,
  isSlow: false,
  ...more,
})

const choices: readonly (readonly [name: string, servers: readonly ServerPace[], place: number])[] = [
  ['no server', [], -1],
  ['the first of two that are not tried', [pace(), pace()], 0],
  ['the one that is not tried', [pace({ rate: 9, active: 1 }), pace()], 1],
  ['the one that is not tried, before a fast one', [pace({ rate: 9 }), pace({ rate: null })], 1],
  ['the faster one', [pace({ rate: 1 }), pace({ rate: 2 })], 1],
  ['the faster one, in the other order', [pace({ rate: 2 }), pace({ rate: 1 })], 0],
  [
    'a known one before one whose first bytes are on the way',
    [pace({ active: 1 }), pace({ rate: 1, active: 1 })],
    1,
  ],
  ['the first one while nothing has come', [pace({ active: 1 }), pace({ active: 1 })], 0],
  [
    'another one if it has all its connections',
    [pace({ rate: 9, active: 4 }), pace({ rate: 3, active: 1 })],
    1,
  ],
  ['none if all have all their connections', [pace({ active: 4 })], -1],
  ['not a slow one', [pace({ isSlow: true }), pace({ rate: 1, active: 1 })], 1],
  ['not a slow one, even if the other is full', [pace({ isSlow: true }), pace({ rate: 1, active: 4 })], -1],
  ['a slow one if there is no other', [pace({ isSlow: true, rate: 1 })], 0],
  [
    'none that is far slower, if the fast one is full',
    [pace({ rate: 100, active: 4 }), pace({ rate: 24, active: 1 })],
    -1,
  ],
  ['one that is about as fast', [pace({ rate: 100, active: 4 }), pace({ rate: 25, active: 1 })], 1],
  ['a slower one without a connection', [pace({ rate: 100, active: 4 }), pace({ rate: 1 })], 1],
  [
    'none, while the first bytes of the second are on the way',
    [pace({ active: 4 }), pace({ active: 1 })],
    -1,
  ],
  [
    'none, while the first bytes of both are on the way',
    [pace({ rate: 1, active: 4 }), pace({ active: 1 })],
    -1,
  ],
]

for (const [name, servers, place] of choices)
  t.test(`the choice is ${name}`, async (t) => t.equal(chooseServer(servers), place))

const takeovers: readonly (readonly [
  name: string,
  fetched: Parameters<typeof isWorthTakingOver>[0],
  otherRate: number,
  expected: boolean,
])[] = [
  ['no answer for a while', { ageMs: 1000, missing: null, rate: 1 }, 0, true],
  ['no answer yet', { ageMs: 999, missing: null, rate: 1 }, 0, false],
  ['far slower', { ageMs: 1000, missing: 10_000, rate: 1000 }, 2001, true],
  ['two times slower', { ageMs: 1000, missing: 10_000, rate: 1000 }, 2000, false],
  ['far slower, but just begun', { ageMs: 999, missing: 10_000, rate: 1000 }, 9000, false],
  ['far slower, but almost there', { ageMs: 1000, missing: 500, rate: 1000 }, 9000, false],
  ['just more than almost there', { ageMs: 1000, missing: 501, rate: 1000 }, 9000, true],
  ['silent', { ageMs: 1000, missing: 1, rate: 0 }, 1, true],
  ['nothing is missing', { ageMs: 1000, missing: 0, rate: 0 }, 1, false],
  ['no other one is known', { ageMs: 1000, missing: 10_000, rate: 0 }, 0, false],
]

for (const [name, fetched, otherRate, expected] of takeovers)
  t.test(`what a server fetches is ${expected ? '' : 'not '}taken over: ${name}`, async (t) =>
    t.equal(isWorthTakingOver(fetched, otherRate), expected),
  )
