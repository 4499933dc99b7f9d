import type { RangeSource, Representation, SendRangeOptions } from 'fastify-send-range'
import t from 'tap'
import { serve } from '../support/serve.ts'

/** Values that are not valid texts. */
const VALUES: Readonly<Record<string, unknown>> = {
  zero: 0,
  number: 5,
  bigint: 5n,
  true: true,
  object: {},
  array: ['"a"'],
  symbol: Symbol('/etc/secret'),
  function: () => '"a"',
  date: new Date(),
  'line-break': 'a\r\nb: /etc/secret',
  snowman: '\u2603',
}

function sourceWith(metadata: object): RangeSource {
  const representation = {
    size: 4,
    readAt: async (target: Uint8Array) => target.fill(97).length,
    close() {},
    ...metadata,
  }
  return { open: () => representation as Representation }
}

/** Where a value comes from, and the code that a wrong one has. */
const PLACES: Readonly<Record<string, readonly [(value: unknown) => object, string]>> = {
  'an etag function': [(value) => ({ etag: () => value }), 'ERR_RANGE_OPTION'],
  'an async etag function': [(value) => ({ etag: async () => value }), 'ERR_RANGE_OPTION'],
  'a contentType function': [(value) => ({ contentType: () => value }), 'ERR_RANGE_OPTION'],
  'the etag of a source': [(value) => ({ source: sourceWith({ etag: value }) }), 'ERR_RANGE_SOURCE'],
  'the date of a source': [(value) => ({ source: sourceWith({ lastModified: value }) }), 'ERR_RANGE_SOURCE'],
  'the type of a source': [(value) => ({ source: sourceWith({ contentType: value }) }), 'ERR_RANGE_SOURCE'],
  'what ranges a source accepts': [
    (value) => ({ source: sourceWith({ acceptRanges: value }) }),
    'ERR_RANGE_SOURCE',
  ],
  'the size of a source': [(value) => ({ source: sourceWith({ size: value }) }), 'ERR_RANGE_SOURCE'],
}

for (const [place, [optionsWith, code]] of Object.entries(PLACES)) {
  t.test(`a value of the wrong kind is a coded error (${place})`, async (t) => {
    const root = t.testdir({ 'f.txt': 'text' })
    let options: SendRangeOptions = {}
    const { app } = await serve(t, {
      plugin: { root },
      routes: (app) => app.get('/', (_request, reply) => reply.sendRange('f.txt', options)),
    })
    for (const [kind, value] of Object.entries(VALUES)) {
      if (place.includes('date') && kind === 'date') continue
      if (place.includes('size') && ['zero', 'number'].includes(kind)) continue
      options = optionsWith(value)
      const { statusCode, body } = await app.inject('/')
      t.equal(statusCode, 500, kind)
      t.equal(JSON.parse(body).code, code, kind)
      t.notMatch(body, 'secret', kind)
    }
  })
}

t.test('an invalid date is not sent', async (t) => {
  const { app } = await serve(t, {
    plugin: { source: sourceWith({ lastModified: new Date(Number.NaN), etag: '"a"' }) },
  })
  const { statusCode, headers } = await app.inject('/x')
  t.equal(statusCode, 200)
  t.equal(headers['last-modified'], undefined)
})
