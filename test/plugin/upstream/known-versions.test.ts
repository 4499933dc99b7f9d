import { httpSource } from 'fastify-send-range/http'
import t from 'tap'
import { KnownVersions } from '#plugin/upstream/known-versions.js'
import { serve } from '../support/serve.ts'
import { Origin } from './support/origin.ts'

t.test('the versions of the last thousand objects are remembered', async (t) => {
  const versions = new KnownVersions()
  for (let number = 0; number < 1000; number++) versions.set(`${number}`, { size: number })
  versions.set('0', { size: 7, etag: '"v"' })
  versions.set('one more', { size: 1 })
  t.match(versions.get('0'), { size: 7, etag: '"v"' }, 'the last version, of one that was read again')
  t.equal(versions.get('1'), undefined, 'the oldest is forgotten')
  t.match(versions.get('2'), { size: 2 })
  t.match(versions.get('one more'), { size: 1 })
})

t.test('a version with a long tag is forgotten, and so is one that is gone', async (t) => {
  const versions = new KnownVersions()
  for (const path of ['long', 'gone', 'both']) versions.set(path, { size: 1, etag: '"v"' })
  for (const path of ['long', 'both']) versions.set(path, { size: 1, etag: `"${'v'.repeat(300)}"` })
  for (const path of ['gone', 'both']) versions.delete(path)
  for (const path of ['long', 'gone', 'both']) t.equal(versions.get(path), undefined)
})

t.test('a version that is old costs a request more, and no byte is wrong', async (t) => {
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
