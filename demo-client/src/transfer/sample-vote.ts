// Asks all servers for the same few bytes of a file that is wrong, and compares them with those that are stored.
//
// A server whose bytes are not those of the others is found with a few requests. One that lies only here and there may not be:
// then more has to be fetched again.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../disk/store.ts'
import type { HttpClient } from '../http/answer.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import { outvoted, samplesOf, type Vote } from '../rules/majority.ts'
import type { Interval } from '../state/blocks.ts'
import { fetchSegment } from './fetch-segment.ts'
import { FirstBytes } from './first-bytes.ts'
import type { Server } from './server.ts'
import type { Servers } from './servers.ts'

/** What a vote works with. */
export interface SampleVoteContext {
  readonly servers: Servers
  readonly client: HttpClient
  readonly settings: { readonly checksum: ExpectedDigest | null; readonly stallTimeout: number }
}

/** The same, with the bytes that it is about. */
export interface StoredVoteContext extends SampleVoteContext {
  readonly store: Store
}

/** What a vote has found. Null is an earlier run. */
export interface Poll {
  /** The bytes of these are not those of most servers. */
  readonly liars: readonly (Server | null)[]
  /** These do not agree, and nobody decides between them. */
  readonly doubted: readonly (Server | null)[]
}

const SAMPLES = 16
const EARLY_SAMPLES = 4
const SAMPLE_BYTES = 64 * 1024
/** How long a sample may take, in ms; or this many times the time of the fastest server. */
const PATIENCE_MS = 500
const PATIENCE_TIMES = 4
/** A server that has sent nothing of use for this long, in ms, is not asked for the other samples of a poll. */
const SILENCE_MS = 2000

/** Polls the servers that take part about the stored bytes, until some are outvoted. @param turn other samples each time */
export async function poll(context: StoredVoteContext, total: number, turn: number): Promise<Poll> {
  const over = new AbortController()
  const asking = { over: over.signal, silent: new Set<Server>() }
  try {
    return await ask(total, { count: SAMPLES, shift: shiftOf(turn) }, (sample) =>
      votesOnStored(context, sample, asking),
    )
  } finally {
    over.abort()
  }
}

/**
 * The same before much is stored: the answers of the servers are compared with each other. A mirror whose bytes are not those
 * of the others, or of the caller's URL, leaves. Otherwise much of what it brings would have to be fetched again.
 */
export async function pollEarly(context: SampleVoteContext, total: number, over: AbortSignal): Promise<void> {
  const { servers } = context
  const reason = 'has another file: its bytes are not those of the others'
  const silent = new Set<Server>()
  const { liars, doubted } = await ask(total, { count: EARLY_SAMPLES, shift: shiftOf(0) }, (sample) =>
    votesOf(context, { servers: servers.joined, asked: sample, over, silent }),
  )
  if (over.aborted) return
  for (const each of liars) if (each !== null) servers.leave(each, 'suspected', reason)
  if (doubted.length === 2 && doubted.includes(servers.first))
    for (const each of doubted)
      if (each !== null && each !== servers.first) servers.leave(each, 'suspected', reason)
}

/** The golden ratio spreads the samples of all turns evenly. */
function shiftOf(turn: number): number {
  return ((turn + 1) * 0.618_034) % 1
}

async function ask(
  total: number,
  { count, shift }: { count: number; shift: number },
  vote: (sample: Interval) => Promise<Votes>,
): Promise<Poll> {
  const doubted = new Set<Server | null>()
  for (const sample of samplesOf(total, { count, bytes: SAMPLE_BYTES, shift })) {
    const votes = await vote(sample)
    const losers = outvoted(votes)
    if (losers === 'tie') for (const { voter } of votes) doubted.add(voter)
    else if (losers.length > 0) return { liars: losers, doubted: [] }
  }
  return { liars: [], doubted: [...doubted] }
}

type Votes = readonly Vote<Server | null>[]

/** What all samples of one poll share. */
interface Asking {
  readonly over: AbortSignal
  /** Servers that have held up a sample, and sent nothing of use. */
  readonly silent: Set<Server>
}

async function votesOnStored(context: StoredVoteContext, sample: Interval, asking: Asking): Promise<Votes> {
  const { servers, store } = context
  const sender = servers.received.find(({ start, end }) => start <= sample.start && sample.start < end)
  const asked = { start: sample.start, end: Math.min(sample.end, sender?.end ?? sample.end) }
  const stored = (await store.digests(['sha-256'], asked)).get('sha-256') ?? ''
  const others = servers.joined.filter((server) => server !== sender?.server)
  const votes = await votesOf(context, { servers: others, asked, ...asking })
  return [{ voter: sender?.server ?? null, digest: stored }, ...votes]
}

async function votesOf(
  context: SampleVoteContext,
  { servers, asked, over, silent }: Asking & { servers: readonly Server[]; asked: Interval },
): Promise<Votes> {
  const votes: Vote<Server | null>[] = []
  const begunAt = performance.now()
  const heard = servers.filter((server) => !silent.has(server))
  if (heard.length === 0) return []
  const all = heard.map(async (server) => {
    const digest = await digestFrom(context, { server, asked, over }).catch(() => null)
    if (digest !== null) votes.push({ voter: server, digest })
  })
  await within(context.settings.stallTimeout, Promise.race(all))
  await within(Math.max(PATIENCE_MS, PATIENCE_TIMES * (performance.now() - begunAt)), Promise.all(all))
  if (performance.now() - begunAt >= SILENCE_MS)
    for (const server of heard) if (!votes.some(({ voter }) => voter === server)) silent.add(server)
  return [...votes]
}

/** Waits for `answers`, and no longer than `ms`. */
async function within(ms: number, answers: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  await Promise.race([answers, sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)])
  timer.abort()
}

async function digestFrom(
  { client, settings }: SampleVoteContext,
  { server, asked, over }: { server: Server; asked: Interval; over: AbortSignal },
): Promise<string | null> {
  const { checksum, stallTimeout } = settings
  const { answer, verdict } = await fetchSegment(client, {
    target: server.access.target,
    range: asked,
    validators: server.validators,
    checksum,
    trust: 'join',
    condition: 'none',
    contentType: null,
    html: 'accept',
    outputName: null,
    firstBytes: new FirstBytes(stallTimeout),
    signal: over,
  })
  if (verdict.kind !== 'part' || verdict.end !== asked.end) {
    answer.discard()
    return null
  }
  const bytes = asked.end - asked.start
  const body = await answer.peek({ isEnough: ({ length }) => length >= bytes, stallTimeoutMs: stallTimeout })
  answer.discard()
  return body.length < bytes ? null : createHash('sha256').update(body.subarray(0, bytes)).digest('base64')
}
