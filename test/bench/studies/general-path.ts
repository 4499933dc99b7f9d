import { once } from 'node:events'
import { get } from 'node:http'
import { connect } from 'node:http2'
import { performance } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { LARGE_BYTES } from '../fixtures.ts'
import { formatRatio, formatSpread } from '../report/format.ts'
import { spreadOf } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import { cpuSeconds } from './process-usage.ts'

const MS_PER_SECOND = 1000
const WINDOW_BYTES = 16 * 1024 ** 2

/** The cases that do not take the fast path from a file to an HTTP/1.1 socket. */
const ROADS = [
  { version: 'http1', kind: 'source', title: 'HTTP/1.1, a source that yields chunks' },
  { version: 'http2', kind: 'source', title: 'HTTP/2, a source that yields chunks' },
  { version: 'http2', kind: 'file', title: 'HTTP/2, a file' },
] as const
const HOW = ['ours', 'pipeline'] as const

type Road = (typeof ROADS)[number]

interface Figures {
  readonly cpu: number[]
  readonly wall: number[]
}

/** Compares the general path (all except files over HTTP/1.1) with a plain `stream.pipeline` of the same bytes. */
export async function measureGeneralPath(root: string, rounds: number): Promise<Table> {
  const rows: string[][] = []
  for (const road of ROADS) {
    const server = await startNodeServer('general-path', [root, road.version])
    try {
      rows.push(...(await rowsOf(road, server, rounds)))
    } finally {
      await server.stop()
    }
  }
  return {
    title: 'HTTP/2, and sources that are not files: 1 GiB, one connection',
    columns: ['', 'server CPU', 'time', 'of pipeline, CPU', 'time'],
    rows,
    notes: [
      'stream.pipeline answers with nothing but the bytes: no conditions, no ranges, no check that it is one version.',
    ],
  }
}

async function rowsOf(road: Road, server: Server, rounds: number): Promise<string[][]> {
  const figures: Readonly<Record<(typeof HOW)[number], Figures>> = {
    ours: { cpu: [], wall: [] },
    pipeline: { cpu: [], wall: [] },
  }
  for (let round = -1; round < rounds; round++) {
    for (const how of HOW) {
      const before = cpuSeconds(server.pid)
      const started = performance.now()
      await fetchAll(road, server.port, how)
      // The first round is a warm-up.
      if (round < 0) continue
      figures[how].wall.push((performance.now() - started) / MS_PER_SECOND)
      figures[how].cpu.push(cpuSeconds(server.pid) - before)
    }
  }
  return HOW.map((how) => {
    const [cpu, wall] = [spreadOf(figures[how].cpu), spreadOf(figures[how].wall)]
    const ratios = [
      cpu.median / spreadOf(figures.pipeline.cpu).median,
      wall.median / spreadOf(figures.pipeline.wall).median,
    ]
    const name = how === 'ours' ? 'fastify-send-range' : 'stream.pipeline'
    return [`${road.title}: ${name}`, formatSpread(cpu), formatSpread(wall), ...ratios.map(formatRatio)]
  })
}

async function fetchAll({ version, kind }: Road, port: number, how: string): Promise<void> {
  const path = `/${kind}/${how}`
  const bytes = await (version === 'http2' ? overHttp2(port, path) : overHttp1(port, path))
  if (bytes !== LARGE_BYTES) throw new Error(`${path} over ${version} gave ${bytes} bytes`)
}

async function overHttp1(port: number, path: string): Promise<number> {
  const request = get({ port, host: '127.0.0.1', path })
  const [response] = (await once(request, 'response')) as [Readable]
  return count(response)
}

async function overHttp2(port: number, path: string): Promise<number> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: WINDOW_BYTES } })
  try {
    await once(session, 'connect')
    session.setLocalWindowSize(WINDOW_BYTES)
    return await count(session.request({ ':path': path }))
  } finally {
    session.destroy()
  }
}

function count(body: Readable): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    body.once('end', () => resolve(bytes))
    body.once('error', reject)
  })
}
