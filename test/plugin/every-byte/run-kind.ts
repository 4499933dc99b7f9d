import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { makeAsks } from './ask.ts'
import { type Http2Run, runOnHttp2 } from './h2-client.ts'
import type { Kind } from './neighbour-kinds.ts'
import type { ServerMessage } from './server.ts'
import { Tally } from './tally.ts'
import { runOnWire } from './wire-client.ts'

const SERVER = fileURLToPath(new URL('server.js', import.meta.url))
const LANES = 8
/** A lane takes a new connection after this many answers. */
const ANSWERS_ON_ONE = 200
/** A kind that fails this often is not tested further. */
const MAX_FAILURES = 50

/** Asks one server for at least `answers` answers, and compares every byte. */
export async function runKind(kind: Kind, answers: number): Promise<Tally> {
  const child = fork(SERVER, [kind.name], { execArgv: [] })
  try {
    const listening = await hear(child)
    if (listening.type !== 'listening') throw new Error(`unexpected: ${listening.type}`)
    const tally = new Tally()
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      runLane(kind, listening.port, { lane, answers, tally }),
    )
    await Promise.all(lanes)
    child.send('end')
    const changed = await hear(child)
    if (changed.type === 'changed' && changed.count > 0) {
      tally.wrong += changed.count
      tally.firstWrong ??= 'a chunk that was kept holds other bytes'
    }
    return tally
  } finally {
    child.kill('SIGKILL')
  }
}

async function hear(child: ChildProcess): Promise<ServerMessage> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the server ended')
  })
  const [message] = await Promise.race([once(child, 'message'), ended])
  return message as ServerMessage
}

interface Lane {
  readonly lane: number
  readonly answers: number
  readonly tally: Tally
}

async function runLane(kind: Kind, port: number, { lane, answers, tally }: Lane): Promise<void> {
  const nextAsk = makeAsks(lane + 1)
  const pace = lane === 0 ? 'slow' : 'fast'
  while (tally.answers < answers && tally.wrong + tally.cut < MAX_FAILURES) {
    const count = Math.min(ANSWERS_ON_ONE, Math.ceil((answers - tally.answers) / LANES))
    await runConnection(kind, port, { count, nextAsk, tally, pace })
  }
}

function runConnection({ transport }: Kind, port: number, run: Http2Run): Promise<void> {
  if (transport === 'http2') return runOnHttp2(`https://127.0.0.1:${port}`, run)
  const at = { port, host: '127.0.0.1' }
  if (transport !== 'tls') return runOnWire(connect(at), { ...run, pipelining: 'refill' })
  // Node answers 400 (HPE_PAUSED) to a request that arrives over TLS while its parser is paused by earlier ones.
  return runOnWire(connectTls({ ...at, rejectUnauthorized: false }), { ...run, pipelining: 'batch' })
}
