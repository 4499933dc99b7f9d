// What every transport must do: the tests of an `Answer`.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  type Answer,
  type BodyEnd,
  type BodyReceiver,
  type Demand,
  PeekFailure,
  RequestFailure,
} from '#client/http/answer.js'
import { sameBytes } from '../../support/same-bytes.ts'
import type { Piece, Reply } from './fake-client.ts'

/** Gets the answer that a server makes of `reply`. Null: the server closes the connection without an answer. */
export type GetAnswer = (reply: Reply | null, signal: AbortSignal) => Promise<Answer>

/** A transport to test. */
export interface Transport {
  readonly name: string
  /** Makes a client and its server for one test. */
  readonly start: (t: Test) => Promise<GetAnswer>
  /** Added to every body before its end, for transports that treat long bodies in another way. */
  readonly filler?: Buffer
  /** Does the receiver offer buffers? */
  readonly hasBuffers: boolean
}

/** For bodies that stall. */
const STALL_MS = 250
/** For bodies that must not be cut, on a busy machine too. */
const NO_STALL_MS = 20_000
/** Longer than a test may take. */
const NEVER_MS = 600_000
/** For a body that comes slowly, and takes longer than this. */
const SLOW_STALL_MS = 900
const NEVER = new AbortController().signal
const FIRST = Buffer.from('the first piece, ')
const SECOND = Buffer.from('and the second piece')

/** A receiver that keeps what it gets. */
class Recorder implements BodyReceiver {
  readonly nextBuffer: (() => Buffer) | null
  readonly #chunks: Buffer[] = []
  readonly #demand: (received: number) => Demand
  #length = 0

  constructor(hasBuffers: boolean, demand: (received: number) => Demand = () => 'more') {
    this.nextBuffer = hasBuffers ? () => Buffer.alloc(64 * 1024) : null
    this.#demand = demand
  }

  receive(chunk: Buffer): Demand {
    this.#chunks.push(Buffer.from(chunk))
    this.#length += chunk.length
    return this.#demand(this.#length)
  }

  get chunks(): number {
    return this.#chunks.length
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}

/** Tests a transport. */
export function testAnswers({ name, start, filler = Buffer.alloc(0), hasBuffers }: Transport): void {
  const test = (title: string, run: (t: Test, get: GetAnswer) => Promise<void>): void =>
    void t.test(`${name}: ${title}`, async (t) => run(t, await start(t)))
  const ok = (...body: readonly Piece[]): Reply => ({
    status: 200,
    body: filler.length > 0 ? [...body, filler] : body,
  })
  const recorder = (demand?: (received: number) => Demand): Recorder => new Recorder(hasBuffers, demand)
  const startsWith = (t: Test, { bytes }: Recorder, expected: Buffer): void =>
    void t.equal(bytes.subarray(0, expected.length).toString('latin1'), expected.toString('latin1'))

  test('an answer has the status, the fields and the target', async (t, get) => {
    const answer = await get({ ...ok(FIRST), status: 206, fields: { etag: '"a"' } }, NEVER)
    t.equal(answer.status, 206)
    t.strictSame(answer.fields.get('etag'), ['"a"'])
    t.match(answer.target.url.pathname, /file\.bin$/)
    t.equal(answer.proxy, null)
    t.equal(answer.misdirection, null)
    answer.discard()
  })

  test('a connection that closes without an answer is a RequestFailure', async (t, get) => {
    const failure: unknown = await get(null, NEVER).catch((error: unknown) => error)
    t.ok(failure instanceof RequestFailure)
    t.equal((failure as RequestFailure).fault, 'connection')
  })

  test('a request whose signal is already aborted fails', async (t, get) => {
    await t.rejects(get(ok(FIRST), AbortSignal.abort()))
  })

  test('a body is received in order, and is complete', async (t, get) => {
    const answer = await get(ok(FIRST, 20, SECOND), NEVER)
    const receiver = recorder()
    t.strictSame(await answer.receive(receiver, NO_STALL_MS), { kind: 'complete' })
    sameBytes(t, receiver.bytes, Buffer.concat([FIRST, SECOND, filler]))
    t.equal(answer.delimiter, 'announced')
  })

  test('a body that waits before it is received is complete', async (t, get) => {
    const answer = await get(ok(FIRST, SECOND), NEVER)
    await sleep(50)
    const receiver = recorder()
    t.strictSame(await answer.receive(receiver, NO_STALL_MS), { kind: 'complete' })
    sameBytes(t, receiver.bytes, Buffer.concat([FIRST, SECOND, filler]))
  })

  test('a body whose request was aborted before it is received is a cut, at once', async (t, get) => {
    const stop = new AbortController()
    const answer = await get(ok(FIRST, SECOND), stop.signal)
    await sleep(50)
    stop.abort()
    await sleep(50)
    const { kind } = await answer.receive(recorder(), NEVER_MS)
    t.equal(kind, 'cut')
  })

  for (const reason of ['enough', 'too-much'] as const) {
    test(`no chunk is passed on after the receiver has said ${reason}`, async (t, get) => {
      const answer = await get(ok(FIRST, 30, SECOND), NEVER)
      const receiver = recorder(() => reason)
      t.strictSame(await answer.receive(receiver, NO_STALL_MS), { kind: reason })
      const { chunks } = receiver
      await sleep(60)
      t.equal(receiver.chunks, chunks)
      startsWith(t, receiver, FIRST)
    })
  }

  test('no chunk is passed on while the receiver waits, and that is no stall', async (t, get) => {
    const answer = await get(ok(FIRST, 30, SECOND), NEVER)
    let isWaiting = false
    const overlaps: boolean[] = []
    const wait = async (): Promise<void> => {
      isWaiting = true
      await sleep(1.5 * SLOW_STALL_MS)
      isWaiting = false
    }
    const receiver = recorder(() => {
      overlaps.push(isWaiting)
      return overlaps.length > 1 ? 'more' : wait()
    })
    t.strictSame(await answer.receive(receiver, SLOW_STALL_MS), { kind: 'complete' })
    t.notOk(overlaps.includes(true))
    sameBytes(t, receiver.bytes, Buffer.concat([FIRST, SECOND, filler]))
  })

  test('a body that brings nothing for the stall timeout is cut', async (t, get) => {
    const answer = await get(ok(FIRST, 'stall'), NEVER)
    const receiver = recorder()
    const end = await answer.receive(receiver, STALL_MS)
    t.match(end, { kind: 'cut', reason: `nothing came for ${STALL_MS / 1000} s`, isMalformed: false })
    startsWith(t, receiver, FIRST)
  })

  test('a slow body is not cut while bytes keep coming', async (t, get) => {
    const pause = SLOW_STALL_MS / 2.5
    const answer = await get(ok(FIRST, pause, SECOND, pause, FIRST, pause, SECOND), NEVER)
    t.strictSame(await answer.receive(recorder(), SLOW_STALL_MS), { kind: 'complete' })
  })

  test('a body whose connection breaks off is cut', async (t, get) => {
    const answer = await get(ok(FIRST, 'cut'), NEVER)
    const end = await answer.receive(recorder(), NO_STALL_MS)
    t.match(end, { kind: 'cut', reason: /^the connection broke off/, isMalformed: false })
  })

  test('a body whose connection broke off before it is received is cut', async (t, get) => {
    const answer = await get(ok(FIRST, 'cut'), NEVER)
    await sleep(80)
    t.match(await answer.receive(recorder(), NO_STALL_MS), {
      kind: 'cut',
      reason: /^the connection broke off/,
    })
  })

  test('an abort cuts the body', async (t, get) => {
    const controller = new AbortController()
    const answer = await get(ok(FIRST, 'stall'), controller.signal)
    const received = answer.receive(recorder(), 60_000)
    setTimeout(() => controller.abort(), 30)
    t.match(await received, { kind: 'cut', isMalformed: false })
  })

  test('the bytes of a peek stay in the body', async (t, get) => {
    const answer = await get(ok(FIRST, 20, SECOND), NEVER)
    const wanted = FIRST.length + SECOND.length
    const isEnough = (bytes: Buffer): boolean => bytes.length >= wanted
    const bytes = await answer.peek({ isEnough, stallTimeoutMs: NO_STALL_MS })
    t.equal(bytes.subarray(0, wanted).toString(), `${FIRST}${SECOND}`)
    const receiver = recorder()
    t.strictSame(await answer.receive(receiver, NO_STALL_MS), { kind: 'complete' })
    sameBytes(t, receiver.bytes, Buffer.concat([FIRST, SECOND, filler]))
  })

  test('a peek resolves when it has enough, while the body still comes', async (t, get) => {
    const answer = await get(ok(FIRST, 'stall'), NEVER)
    const seen: number[] = []
    const isEnough = (bytes: Buffer): boolean => {
      seen.push(bytes.length)
      return bytes.length >= 3
    }
    const bytes = await answer.peek({ isEnough, stallTimeoutMs: 60_000 })
    t.equal(bytes.subarray(0, 3).toString(), 'the')
    t.strictSame(
      seen,
      [...seen].sort((a, b) => a - b),
    )
    answer.discard()
  })

  test('a peek fails if the connection breaks off', async (t, get) => {
    const answer = await get(ok(FIRST, 'cut'), NEVER)
    const failure = await failureOf(answer.peek({ isEnough: () => false, stallTimeoutMs: NO_STALL_MS }))
    t.match(failure.cut, { reason: /^the connection broke off/, isMalformed: false })
    t.equal(failure.message, failure.cut.reason)
    answer.discard()
  })

  test('a peek fails if nothing comes for the stall timeout, and the body is then cut', async (t, get) => {
    const answer = await get(ok(FIRST, 'stall'), NEVER)
    const failure = await failureOf(answer.peek({ isEnough: () => false, stallTimeoutMs: STALL_MS }))
    t.equal(failure.message, `nothing came for ${STALL_MS / 1000} s`)
    t.match(await answer.receive(recorder(), STALL_MS), { kind: 'cut' })
  })

  test('an answer can be discarded again, before and after other calls', async (t, get) => {
    const unread = await get(ok(FIRST), NEVER)
    unread.discard()
    unread.discard()
    const received = await get(ok(FIRST), NEVER)
    await received.receive(recorder(), NO_STALL_MS)
    received.discard()
    const aborted = new AbortController()
    const stalled = await get(ok(FIRST, 'stall'), aborted.signal)
    aborted.abort()
    stalled.discard()
    t.pass('nothing is thrown')
  })

  if (filler.length === 0) testShortBodies(test, recorder)
}

/** Bodies that are never long: empty ones, and those without a length. */
function testShortBodies(
  test: (title: string, run: (t: Test, get: GetAnswer) => Promise<void>) => void,
  recorder: () => Recorder,
): void {
  const receive = async (answer: Answer): Promise<{ end: BodyEnd; bytes: string }> => {
    const receiver = recorder()
    const end = await answer.receive(receiver, NO_STALL_MS)
    return { end, bytes: receiver.bytes.toString() }
  }

  test('an empty body is complete', async (t, get) => {
    t.strictSame(await receive(await get({ status: 200 }, NEVER)), { end: { kind: 'complete' }, bytes: '' })
  })

  test('a peek at a body that is shorter returns all of it', async (t, get) => {
    const answer = await get({ status: 200, body: [FIRST] }, NEVER)
    const bytes = await answer.peek({ isEnough: () => false, stallTimeoutMs: NO_STALL_MS })
    t.equal(bytes.toString(), FIRST.toString())
    t.strictSame(await receive(answer), { end: { kind: 'complete' }, bytes: FIRST.toString() })
  })

  test('a body that the end of its connection delimits is complete', async (t, get) => {
    const answer = await get({ status: 200, body: [FIRST], delimiter: 'closed' }, NEVER)
    t.equal(answer.delimiter, 'closed')
    t.strictSame(await receive(answer), { end: { kind: 'complete' }, bytes: FIRST.toString() })
  })

  test('the trailers are there when the body is complete', async (t, get) => {
    const answer = await get({ status: 200, body: [FIRST], trailers: { 'repr-digest': 'x' } }, NEVER)
    t.match((await receive(answer)).end, { kind: 'complete' })
    t.strictSame(answer.trailers().get('repr-digest'), ['x'])
  })

  test('a body that breaks the rules of HTTP is cut, and is malformed', async (t, get) => {
    const { end } = await receive(await get({ status: 200, body: [FIRST, 'malformed'] }, NEVER))
    t.match(end, { kind: 'cut', isMalformed: true })
  })
}

async function failureOf(peek: Promise<Buffer>): Promise<PeekFailure> {
  const failure: unknown = await peek.catch((error: unknown) => error)
  if (failure instanceof PeekFailure) return failure
  throw new Error('the peek did not fail as it should')
}
