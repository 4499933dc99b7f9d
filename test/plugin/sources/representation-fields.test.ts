import { bufferSource } from 'fastify-send-range'
import t from 'tap'
import { checkedRepresentation } from '#plugin/sources/checked-representation.js'
import { guardedRepresentation } from '#plugin/sources/guarded-source.js'
import { representationFields } from '#plugin/sources/representation-fields.js'
import type { Representation } from '#plugin/sources/source.js'
import { withWeakDate } from '#plugin/sources/weak-date.js'

const SOURCE = { code: 'ERR_RANGE_SOURCE' }
const silent = { warn() {}, debug() {}, level: 'silent' } as never

t.test('names are in lower case, and what is undefined is left out', async (t) => {
  t.strictSame(
    {
      ...representationFields({
        headers: { 'Cache-Control': 'no-cache', expires: undefined },
        contentEncoding: 'GZIP',
      }),
    },
    { 'cache-control': 'no-cache', 'content-encoding': 'gzip' },
  )
  t.strictSame({ ...representationFields({}) }, {})
})

t.test('a contentEncoding without a coding is left out', async (t) => {
  for (const contentEncoding of [undefined, '', 'identity', ' Identity ,'])
    t.strictSame({ ...representationFields({ contentEncoding }) }, {}, String(contentEncoding))
})

const WRONG_FIELDS: Readonly<Record<string, unknown>> = {
  'a text': 'x: y',
  null: null,
  'an array': [['x', 'y']],
  'a Map': new Map([['x', 'y']]),
  'fields of the web': new Headers({ x: 'y' }),
  'a name with a space': { 'x y': 'z' },
  'an empty name': { '': 'z' },
  'a value with a line break': { x: 'y\r\nSet-Cookie: a' },
  'a value with another alphabet': { x: '名' },
  'a number': { x: 5 },
  'a list': { x: ['y'] },
  'a promise': { x: Promise.reject(new Error('not handled')) },
  'a field of the message': { 'Content-Length': '5' },
  'a field with a property of its own': { ETag: '"x"' },
  'a cookie': { 'set-cookie': 'a=b' },
  'a getter that throws': Object.defineProperty({}, 'x', {
    enumerable: true,
    get() {
      throw new Error('/srv/secret')
    },
  }),
}

for (const [name, headers] of Object.entries(WRONG_FIELDS)) {
  t.test(`headers that cannot be sent are ERR_RANGE_SOURCE (${name})`, async (t) => {
    t.throws(() => representationFields({ headers: headers as never }), SOURCE)
    t.throws(() => bufferSource(Buffer.from('x'), { headers: headers as never }), {
      code: 'ERR_RANGE_OPTION',
    })
  })
}

t.test('a contentEncoding that is not a list of tokens is ERR_RANGE_SOURCE', async (t) => {
  for (const contentEncoding of [null, 5, 'g zip', 'gzip\r\nx: y', 'gzip;q=1', ['gzip']]) {
    t.throws(() => representationFields({ contentEncoding: contentEncoding as never }), SOURCE)
    const make = (): unknown => bufferSource(Buffer.from('x'), { contentEncoding: contentEncoding as never })
    t.throws(make, { code: 'ERR_RANGE_OPTION' })
  }
})

t.test('fields pass every layer around a representation of a source', async (t) => {
  const fields = { headers: { expires: '0' }, contentEncoding: 'br' }
  const given = { size: 1, readAt: async () => 1, read: () => [], close() {}, ...fields }
  const signal = new AbortController().signal
  for (const kind of ['read', 'readAt'] as const) {
    const { [kind]: _left, ...other } = given
    const checked = checkedRepresentation(other, silent)
    const guarded = guardedRepresentation(checked, { signal, reopen: async () => undefined })
    for (const each of [checked, guarded, withWeakDate(given as Representation)]) t.match(each, fields, kind)
  }
})
