import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import { corsOptions } from 'fastify-send-range'
import t from 'tap'
import { serve, serveEverything } from '../support/serve.ts'

/** A file written a moment ago has no Last-Modified yet. */
const DATED = new Date('2020-01-01T00:00:00Z')

const ORIGIN = 'https://viewer.example'

async function withCors(app: FastifyInstance): Promise<void> {
  await app.register(cors, { ...corsOptions(), origin: ORIGIN })
  serveEverything(app)
}

const listed = (value: unknown): string[] => String(value).toLowerCase().split(/, */)

t.test('a page of another origin may ask for ranges under conditions', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  utimesSync(join(root, 'f.txt'), DATED, DATED)
  const { app } = await serve(t, { plugin: { root }, routes: withCors })
  for (const field of [
    'range',
    'if-range',
    'if-match',
    'if-none-match',
    'if-modified-since',
    'if-unmodified-since',
  ]) {
    const { statusCode, headers } = await app.inject({
      method: 'OPTIONS',
      url: '/f.txt',
      headers: {
        origin: ORIGIN,
        'access-control-request-method': 'GET',
        'access-control-request-headers': field,
      },
    })
    t.equal(statusCode, 204)
    t.equal(headers['access-control-allow-origin'], ORIGIN)
    t.ok(listed(headers['access-control-allow-headers']).includes(field), field)
    t.strictSame(listed(headers['access-control-allow-methods']), ['get', 'head'])
  }
})

t.test('a page of another origin may read the fields of an answer', async (t) => {
  const root = t.testdir({ 'f.txt': '0123456789' })
  utimesSync(join(root, 'f.txt'), DATED, DATED)
  const headers = { 'Repr-Digest': 'sha-256=:AAAA:' }
  const { app } = await serve(t, { plugin: { root, download: true, headers }, routes: withCors })
  const { headers: seen } = await app.inject('/f.txt')
  const described = [
    'accept-ranges',
    'content-length',
    'etag',
    'last-modified',
    'content-disposition',
    'repr-digest',
  ]
  for (const { status, headers, fields } of [
    { status: 200, headers: {}, fields: described },
    { status: 206, headers: { range: 'bytes=2-4' }, fields: [...described, 'content-range'] },
    { status: 304, headers: { 'if-none-match': String(seen.etag) }, fields: ['etag'] },
    { status: 412, headers: { 'if-match': '"other"' }, fields: ['content-length'] },
    { status: 416, headers: { range: 'bytes=10-' }, fields: ['content-range', 'accept-ranges'] },
  ]) {
    const answer = await app.inject({ url: '/f.txt', headers: { origin: ORIGIN, ...headers } })
    t.equal(answer.statusCode, status)
    t.equal(answer.headers['access-control-allow-origin'], ORIGIN, `${status}: errors too`)
    const exposed = listed(answer.headers['access-control-expose-headers'])
    for (const field of fields) {
      t.ok(answer.headers[field] !== undefined, `${status}: ${field} is there`)
      t.ok(exposed.includes(field), `${status}: ${field} may be read`)
    }
  }
})

t.test('each call of corsOptions returns a new object', async (t) => {
  corsOptions().exposedHeaders.push('X-Mine')
  t.notOk(corsOptions().exposedHeaders.includes('X-Mine'))
})
