// Whatever a source remembers of an object, old or new, its answers are those of the same bytes in memory.
import { bufferSource } from 'fastify-send-range'
import { httpSource } from 'fastify-send-range/http'
import t, { type Test } from 'tap'
import { type RandomBelow, randomBelow } from '../../support/random-numbers.ts'
import { serve } from '../support/serve.ts'
import { type Answer, distinctBytes, LONG_AGO, Origin } from './support/origin.ts'

const CONTENT = distinctBytes(700_000)
const SIZES = [0, 1, 2, 10, 1000, 300_000, 700_000]
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT'

function pick<T>(random: RandomBelow, values: readonly T[]): T {
  return values[random(values.length)] as T
}

function position(random: RandomBelow): number {
  return pick(random, [0, 1, 2, 5, 9, 10, 11, 999, 1000, 299_999, 300_000, 600_000, 699_999, 700_000])
}

function rangeSpec(random: RandomBelow): string {
  const first = position(random)
  const last = first + pick(random, [0, 0, 1, 5, 300_000])
  return pick(random, [`${first}-${last}`, `${first}-${last}`, `${first}-`, `-${position(random)}`])
}

function headersOf(random: RandomBelow, tag: string): Record<string, string> {
  const headers: Record<string, string> = {}
  const count = pick(random, [0, 1, 1, 1, 2, 3, 6])
  if (count > 0)
    headers['range'] = `bytes=${Array.from({ length: count }, () => rangeSpec(random)).join(',')}`
  const condition = pick(random, [undefined, undefined, 'if-match', 'if-none-match', 'if-range', 'if-date'])
  if (condition === 'if-date') {
    const name = pick(random, ['if-modified-since', 'if-unmodified-since', 'if-range'])
    headers[name] = pick(random, [LONG_AGO, BEFORE])
  } else if (condition !== undefined)
    headers[condition] = pick(random, [tag, tag, '"other"', `W/${tag}`, '*'])
  return headers
}

/** A multipart body has a boundary of its own in each answer. */
function comparable({ statusCode, headers, rawPayload }: Awaited<ReturnType<Injected>>) {
  const [, boundary] = /boundary=(\S+)/.exec(String(headers['content-type'])) ?? []
  const text = rawPayload.toString('latin1')
  const names = ['accept-ranges', 'content-length', 'content-range', 'content-type', 'etag', 'last-modified']
  const fields = names.map((name) => `${name}: ${headers[name]}`)
  const all = [String(statusCode), ...fields, statusCode < 400 ? text : '']
  return all.map((each) => (boundary === undefined ? each : each.replaceAll(boundary, 'BOUNDARY')))
}

type Injected = (request: object) => ReturnType<Awaited<ReturnType<typeof serve>>['app']['inject']>

async function compare(t: Test, seed: number, answer?: Answer): Promise<void> {
  const random = randomBelow(seed)
  const origin = await Origin.start(t, answer)
  const url = (path: string): string => `${origin.url}/${path}`
  let version = 0
  let expected = bufferSource(CONTENT)
  const memory = await serve(t, { plugin: { source: { open: (...args) => expected.open(...args) } } })
  let remote = await serve(t, { plugin: { source: httpSource({ url }) } })
  for (let turn = 0; turn < 250; turn++) {
    if (turn === 0 || random(4) === 0) {
      const bytes = CONTENT.subarray(0, pick(random, SIZES))
      const etag = `"v${++version}"`
      origin.objects.set('/f.bin', { bytes, etag, lastModified: LONG_AGO })
      expected = bufferSource(bytes, { etag, lastModified: new Date(LONG_AGO) })
    }
    // A source that remembers nothing.
    if (random(5) === 0) remote = await serve(t, { plugin: { source: httpSource({ url }) } })
    const headers = headersOf(random, `"v${version}"`)
    const request = { method: pick(random, ['GET', 'GET', 'GET', 'HEAD'] as const), url: '/f.bin', headers }
    const [ours, theirs] = [await remote.app.inject(request), await memory.app.inject(request)].map(
      comparable,
    )
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      t.strictSame(
        ours?.map((each) => each.slice(0, 300)),
        theirs?.map((each) => each.slice(0, 300)),
        `turn ${turn} of seed ${seed}: ${JSON.stringify(request)} of ${origin.objects.get('/f.bin')?.bytes.length}`,
      )
  }
  t.ok(origin.got.length > 100)
}

t.test('answers about an object that changes now and then are those of its bytes in memory', async (t) => {
  await compare(t, 1)
})

t.test('the same where a 416 does not say the length', async (t) => {
  const withoutLength: Answer = (_, response) => {
    const send = response.writeHead.bind(response)
    response.writeHead = ((status: number, fields?: object) =>
      status === 416 ? send(416) : send(status, fields as never)) as typeof response.writeHead
    return false
  }
  await compare(t, 2, withoutLength)
})
