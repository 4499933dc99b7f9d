import t from 'tap'
import { isToken, makeToken, readToken, shortDigest } from '#client/state/run-token.js'

const KEY = Buffer.alloc(32, 'key')
const PROCESS = { pid: 4711, place: 'host boot pid:[1]', started: '123456' }
const TOKEN = makeToken(PROCESS, KEY)

t.test('a token says which process made it', async (t) => {
  const maker = { place: shortDigest(PROCESS.place), started: shortDigest(PROCESS.started) }
  t.match(TOKEN, /^00001267-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/)
  t.strictSame(readToken(TOKEN, KEY), { pid: 4711, ...maker })
  for (const pid of [1, 4_194_304, 0xff_ff_ff_ff])
    t.strictSame(readToken(makeToken({ ...PROCESS, pid }, KEY), KEY), { pid, ...maker })
  const unknown = makeToken({ ...PROCESS, started: null }, KEY)
  t.strictSame(readToken(unknown, KEY), { pid: 4711, ...maker, started: shortDigest('') })
  t.not(makeToken(PROCESS, KEY), TOKEN, 'no two are the same')
})

t.test('a token with another key, or with a changed character, is not read', async (t) => {
  t.equal(readToken(TOKEN, Buffer.alloc(32, 'other key')), null)
  t.equal(readToken(TOKEN, Buffer.alloc(0)), null)
  for (const [at, character] of [...TOKEN].entries()) {
    const other = character === '-' ? '_' : character === '0' ? '1' : '0'
    t.equal(readToken(TOKEN.slice(0, at) + other + TOKEN.slice(at + 1), KEY), null, `character ${at}`)
  }
  for (const text of ['', 'abc', '01234567-89ab-cdef-0123-456789abcdef']) t.equal(readToken(text, KEY), null)
})

t.test('only a token has the form of a token', async (t) => {
  t.equal(isToken(TOKEN), true)
  for (const text of [
    '',
    'x',
    `${TOKEN}x`,
    `x${TOKEN}`,
    `../${TOKEN}`,
    TOKEN.replace('0', 'g'),
    `${TOKEN}\n`,
  ])
    t.equal(isToken(text), false, JSON.stringify(text))
})
