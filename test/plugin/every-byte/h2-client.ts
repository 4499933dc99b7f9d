import { type ClientHttp2Session, connect } from 'node:http2'
import { type Ask, rangeField } from './ask.ts'
import { Expectation } from './expectation.ts'
import type { WireRun } from './wire-client.ts'

/** What a run on one session needs. */
export type Http2Run = Omit<WireRun, 'pipelining'>

const STREAMS = 6
const PAUSE_MS = 2
const SILENCE_MS = 20_000

/** Asks over one HTTP/2 session, some streams at a time, and compares each answer. */
export async function runOnHttp2(url: string, run: Http2Run): Promise<void> {
  const session = connect(url, { rejectUnauthorized: false })
  session.on('error', () => {})
  let sent = 0
  const lane = async (): Promise<void> => {
    while (sent++ < run.count && !session.destroyed) await askOnce(session, run.nextAsk(), run)
  }
  await Promise.all(Array.from({ length: STREAMS }, lane))
  session.destroy()
}

function askOnce(session: ClientHttp2Session, ask: Ask, { tally, pace }: Http2Run): Promise<void> {
  const range = rangeField(ask)
  const stream = session.request({ ':path': `/${ask.file}`, ...(range !== undefined && { range }) })
  let body: Expectation | undefined
  let isWrong = false
  const attempt = (step: () => void): void => {
    try {
      if (!isWrong) step()
    } catch (error) {
      isWrong = true
      tally.addWrong(error)
      stream.close()
    }
  }
  stream.setTimeout(SILENCE_MS, () => stream.close())
  stream.on('error', () => {})
  stream.on('response', (fields) => {
    const entries = Object.entries(fields).map(([name, value]) => [name, String(value)] as const)
    attempt(() => {
      body = new Expectation(ask, { status: Number(fields[':status']), fields: new Map(entries) })
    })
    // Node may emit bytes that arrive together with the head before 'response', so nothing is read until then.
    stream.on('data', (chunk: Buffer) => {
      tally.bytes += chunk.length
      attempt(() => body?.take(chunk))
      if (pace === 'fast') return
      stream.pause()
      setTimeout(() => stream.resume(), PAUSE_MS)
    })
  })
  return new Promise((resolve) => {
    stream.once('close', () => {
      if (!isWrong && body?.left === 0) tally.answers++
      else if (!isWrong) tally.cut++
      resolve()
    })
  })
}
