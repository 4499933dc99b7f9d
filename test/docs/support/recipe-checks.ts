// What the recipes of the plugin's README do that use other packages, and those about links.
import { setTimeout as sleep } from 'node:timers/promises'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { LARGE_SIZE } from './recipe-files.ts'
import { originOf } from './snippet.ts'

/** Checks what a running recipe does. */
export type Check = (t: Test, app: FastifyInstance) => Promise<void>

const FIRST_FOUR = { range: 'bytes=0-3' }

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter })
// A meter that is made before this measures nothing.
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

/** Waits until a text has what is looked for. Events are published after an answer has arrived. */
async function eventually(read: () => Promise<string>, wanted: string): Promise<string> {
  for (let text = await read(); ; text = await read()) {
    if (text.includes(wanted)) return text
    await sleep(10)
  }
}

const signedLinks: Check = async (t, app) => {
  const share = (url: string, authorization = 'Bearer secret') =>
    app.inject({ url, headers: { authorization } })
  t.equal((await share('/share/hello.txt', 'none')).statusCode, 401)
  const link = (await share('/share/hello.txt')).body
  const part = await app.inject({ url: link, headers: FIRST_FOUR })
  t.match(part, { statusCode: 206, body: 'hell', headers: { 'cache-control': 'private' } })
  t.equal((await app.inject((await share('/share/folder/nested.txt')).body)).body, 'nested')
  for (const wrong of [
    link.replace('hello', 'story'),
    link.replace(/\?.*/, ''),
    link.replace(/expires=(\d)/, 'expires=9$1'),
    link.replace(/&signature.*/, ''),
    link.replace(/signature=.{4}/, 'signature='),
    `${link}&expires=9999999999`,
  ])
    t.equal((await app.inject(wrong)).statusCode, 403, wrong)
  // What is signed must not read as another time and another path.
  const spaced = (await share('/share/x%20hello.txt')).body
  const forged = spaced.replace('x%20', '').replace('&signature', '%20x&signature')
  t.equal((await app.inject(forged)).statusCode, 403, forged)
  const now = Date.now.bind(Date)
  t.intercept(Date, 'now', { value: () => now() + 3_601_000 })
  t.equal((await app.inject(link)).statusCode, 403, 'an hour later')
}

const tusUploads: Check = async (t, app) => {
  const tus = { 'tus-resumable': '1.0.0' }
  const uploads = `${originOf(app)}/uploads`
  const created = await fetch(uploads, { method: 'POST', headers: { ...tus, 'upload-length': '13' } })
  t.equal(created.status, 201)
  const [, id = ''] = /\/uploads\/(\w+)$/.exec(created.headers.get('location') ?? '') ?? []
  const patch = async (body: string, offset: number): Promise<number> => {
    const type = { 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) }
    return (await fetch(`${uploads}/${id}`, { method: 'PATCH', body, headers: { ...tus, ...type } })).status
  }
  t.equal(await patch('hello', 0), 204)
  t.equal((await app.inject(`/files/${id}`)).statusCode, 404, 'it is not complete')
  const head = await fetch(`${uploads}/${id}`, { method: 'HEAD', headers: tus })
  t.equal(head.headers.get('upload-offset'), '5', 'the upload is resumed from here')
  t.equal(await patch(', ranges', 5), 204)
  const part = await app.inject({ url: `/files/${id}`, headers: { range: 'bytes=-6' } })
  t.match(part, { statusCode: 206, body: 'ranges' })
}

const throttled: Check = async (t, app) => {
  const url = `${originOf(app)}/slow/large.bin`
  const begun = performance.now()
  const part = await fetch(url, { headers: { range: 'bytes=10-' } })
  t.equal((await part.text()).length, LARGE_SIZE - 10)
  // The first second's bytes may come at once.
  t.ok(performance.now() - begun > 500, 'it takes its time')
  t.equal(part.status, 206)
  t.equal(part.headers.get('content-length'), String(LARGE_SIZE - 10))
  t.match(part.headers.get('etag'), /^"/)
  const short = await app.inject({ url: '/slow/hello.txt', headers: FIRST_FOUR })
  t.match(short, { statusCode: 206, body: 'hell' })
}

const prometheus: Check = async (t, app) => {
  t.equal((await fetch(`${originOf(app)}/files/hello.txt`, { headers: FIRST_FOUR })).status, 206)
  const read = async (): Promise<string> => (await app.inject('/metrics')).body
  const text = await eventually(read, 'files_answer_seconds_count')
  t.match(text, 'files_bytes_total{status="206",outcome="served"} 4\n')
  t.match(text, 'files_answer_seconds_count{status="206",outcome="served"} 1\n')
}

const openTelemetry: Check = async (t, app) => {
  t.equal((await fetch(`${originOf(app)}/files/hello.txt`, { headers: FIRST_FOUR })).status, 206)
  const read = async (): Promise<string> => {
    await reader.forceFlush()
    return JSON.stringify(exporter.getMetrics().at(-1)?.scopeMetrics)
  }
  await eventually(read, 'files.answer.duration')
  const measured =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
  const bytes = measured.find(({ descriptor }) => descriptor.name === 'files.bytes')
  const attributes = { 'http.response.status_code': 206, outcome: 'served' }
  t.match(bytes, { descriptor: { unit: 'By' }, dataPoints: [{ value: 4, attributes }] })
}

/** The checks, by the headings of the README. */
export const RECIPE_CHECKS: Readonly<Record<string, Check>> = {
  'Signed links': signedLinks,
  'Uploads that resume, with tus': tusUploads,
  'A rate for each answer': throttled,
  'Metrics: Prometheus': prometheus,
  'Metrics: OpenTelemetry': openTelemetry,
}
