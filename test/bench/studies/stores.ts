import { randomBytes } from 'node:crypto'
import { Agent, get, type IncomingMessage } from 'node:http'
import { Bucket } from '../../support/stores/bucket.ts'
import { isStoreInstalled, sharedStore } from '../../support/stores/shared-store.ts'
import type { BenchOptions } from '../arguments.ts'
import { formatRatio, formatSpread } from '../report/format.ts'
import { spreadOf } from '../report/statistics.ts'
import type { Table } from '../report/table.ts'
import { nginxVersion, startNginxProxy } from '../servers/nginx.ts'
import { type Server, startNodeServer } from '../servers/server.ts'
import { cpuSeconds, residentBytes } from './process-usage.ts'
import { type Warmed, warmUp } from './warm-up.ts'

const KIB = 1024
const MIB = 1024 * KIB
const OBJECT_BYTES = 64 * MIB
const KEY = 'object.bin'
const CONNECTIONS = 8

/** `requests` are those of one round. A quick run takes half of them. */
const SIZES: readonly Size[] = [
  { title: '64 KiB', bytes: 64 * KIB, requests: 4000 },
  { title: '1 MiB', bytes: MIB, requests: 800 },
]
/** Part of the requests of a round that is repeated until a relay is warm. */
const WARM_UP_SHARE = 0.25

interface Size {
  readonly title: string
  readonly bytes: number
  readonly requests: number
}

interface Relay {
  readonly name: string
  readonly server: Server
  /** Of the object. */
  readonly path: string
}

/** Compares servers that hand on ranges of one object of a Ceph RGW. */
export async function measureStores(rounds: number, depth: BenchOptions['depth']): Promise<Table> {
  const title = 'Ranges of an object in Ceph RGW'
  const floor =
    'The third and fourth rows sign a request and pipe its answer on, whatever it is: the least in Node.'
  if (!isStoreInstalled('ceph')) return { title, columns: [''], rows: [], notes: ['Ceph is not installed.'] }
  const notes: string[] = [floor]
  const bucket = await Bucket.create(await sharedStore('ceph'))
  try {
    const acl = { 'x-amz-acl': 'public-read' }
    await bucket.put(KEY, randomBytes(OBJECT_BYTES), acl)
    const relays = await startRelays(bucket, notes)
    const rows: string[][] = []
    const share = depth === 'quick' ? 0.5 : 1
    for (const size of SIZES)
      rows.push(...(await rowsOf(relays, { ...size, requests: size.requests * share }, rounds)))
    for (const { server } of relays) await server.stop()
    return { title, columns: ['', 'CPU for each', 'of the SDK', 'memory, MiB'], rows, notes }
  } finally {
    bucket.close()
  }
}

async function startRelays(bucket: Bucket, notes: string[]): Promise<readonly Relay[]> {
  const options = JSON.stringify({ bucket: bucket.name, ...bucket.store })
  const relays: Relay[] = [
    { name: 's3Source', server: await startNodeServer('s3-relay', ['ours', options]), path: `/${KEY}` },
  ]
  const sdk = await startNodeServer('s3-relay', ['sdk', options])
  relays.push({ name: '@aws-sdk/client-s3', server: sdk, path: `/${KEY}` })
  for (const [how, name] of [
    ['piped', 'aws4, node:http and pipe'],
    ['fastify', 'the same as a route of Fastify'],
  ] as const) {
    relays.push({ name, server: await startNodeServer('s3-relay', [how, options]), path: `/${KEY}` })
  }
  if ((await nginxVersion()) === undefined) notes.push('nginx is not installed.')
  else {
    const server = await startNginxProxy(bucket.store.endpoint)
    relays.push({ name: 'nginx, proxy_pass', server, path: bucket.target(KEY) })
    notes.push('nginx hands on an object that everybody may read: it signs nothing, and checks nothing.')
  }
  return relays
}

async function rowsOf(
  relays: readonly Relay[],
  { title, bytes, requests }: Size,
  rounds: number,
): Promise<string[][]> {
  const samples = relays.map((): number[] => [])
  const warmed = async (relay: Relay): Promise<Warmed> => {
    const begunAt = performance.now()
    const answers = requests * WARM_UP_SHARE
    await load(relay, bytes, answers)
    return { answers, bytes: answers * bytes, wallMs: performance.now() - begunAt }
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, relay] of relays.entries()) {
      await warmUp(async () => await warmed(relay), round === 0 ? 'new' : 'idle')
      const before = cpuSeconds(relay.server.pid)
      await load(relay, bytes, requests)
      samples[index]?.push((cpuSeconds(relay.server.pid) - before) / requests)
    }
  }
  const spreads = samples.map(spreadOf)
  const sdk = spreads[relays.findIndex(({ name }) => name.startsWith('@aws-sdk'))]?.median
  return relays.map(({ name, server }, index) => {
    const spread = spreadOf(samples[index] ?? [])
    const ratio = sdk === undefined ? '' : formatRatio(spread.median / sdk)
    const memory = Math.round(residentBytes(server.pid) / MIB)
    return [`${title}: ${name}`, formatSpread(spread), ratio, String(memory)]
  })
}

/** Asks for ranges, some at a time. Throws if an answer has another length. */
async function load({ server, path }: Relay, bytes: number, requests: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  let left = requests
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const first = (left * 7919 * KIB) % (OBJECT_BYTES - bytes)
      const range = `bytes=${first}-${first + bytes - 1}`
      const got = await lengthOf({ port: server.port, path, agent, range })
      if (got !== bytes) throw new Error(`${got} bytes for ${range}`)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  agent.destroy()
}

interface RangeRequest {
  readonly port: number
  readonly path: string
  readonly agent: Agent
  readonly range: string
}

function lengthOf({ range, ...target }: RangeRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', headers: { range }, ...target }, (answer: IncomingMessage) => {
      let length = 0
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length
      })
      answer.on('end', () => resolve(answer.statusCode === 206 ? length : -1))
      answer.on('error', reject)
    })
    request.on('error', reject)
  })
}
