import { httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { KnownSizes } from '#plugin/upstream/known-sizes.js'
import { serve } from '../support/serve.ts'
import { Origin } from './support/origin.ts'

t.test('the sizes of the last thousand objects are remembered', async (t) => {
  const sizes = new KnownSizes()
  for (let number = 0; number < 1000; number++) sizes.set(`${number}`, number)
  sizes.set('0', 7)
  sizes.set('one more', 1)
  t.equal(sizes.get('0'), 7, 'the last size, of one that was read again')
  t.equal(sizes.get('1'), undefined, 'the oldest is forgotten')
  t.equal(sizes.get('2'), 2)
  t.equal(sizes.get('one more'), 1)
})

t.test('a size that is old costs a request more, and no byte is wrong', async (t) => {
  const origin = await Origin.start(t)
  const source = httpSource({ url: (path) => `${origin.url}/${path}` })
  const { app } = await serve(t, { plugin: { source } })
  for (const text of ['0123456789', 'abcdefghijklmno', 'xyz', '', 'pq']) {
    origin.objects.set('/f', { bytes: Buffer.from(text), etag: `"${text}"` })
    for (const length of [3, 0, 1000]) {
      const answer = await app.inject({ url: '/f', headers: { range: `bytes=-${length}` } })
      t.equal(answer.statusCode, length === 0 ? 416 : text === '' ? 200 : 206, `${length} of ${text}`)
      if (length > 0) t.equal(answer.body, text.slice(-length), `${length} of ${text}`)
    }
  }
})
