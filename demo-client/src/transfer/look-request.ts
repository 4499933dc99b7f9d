// One request for the first bytes of a file, to see whether a server has it, and which version.
import type { Store } from '../disk/store.ts'
import type { HttpClient } from '../http/answer.ts'
import type { ExpectedDigest } from '../rules/digest.ts'
import type { Validators } from '../rules/validators.ts'
import {
  connectionFailure,
  type Failure,
  invalidAnswerFailure,
  statusFailure,
} from '../schedule/attempt-failure.ts'
import { fetchSegment, type JudgedAnswer } from './fetch-segment.ts'
import type { Server, ServerPolicy } from './server.ts'
import type { Servers } from './servers.ts'

/** What a look works with. */
export interface FirstLookContext {
  readonly servers: Servers
  readonly store: Store
  readonly client: HttpClient
  readonly settings: ServerPolicy & {
    readonly checksum: ExpectedDigest | null
    readonly html: 'refuse' | 'accept'
  }
  /** The file name that the caller chose, or null. */
  readonly outputName: string | null
}

/** An answer that says nothing about the version. */
export const NOTHING: Validators = {
  total: null,
  etag: null,
  lastModified: null,
  dateIsStrong: false,
  digests: {},
}

/** Enough to recognize a page in place of a file. */
const LOOK_BYTES = 4096

/** Asks `server`, and notes what its answer shows. Returns why that is a failure, or null. */
export async function lookAt(
  server: Server,
  context: FirstLookContext,
  over: AbortSignal,
): Promise<Failure | null> {
  try {
    return note(server, await request(server, context, over))
  } catch (error) {
    return connectionFailure(error)
  }
}

async function request(
  server: Server,
  { client, store, settings, outputName }: FirstLookContext,
  over: AbortSignal,
): Promise<JudgedAnswer> {
  const judged = await fetchSegment(client, {
    target: server.access.target,
    range: { start: 0, end: LOOK_BYTES },
    validators: null,
    checksum: settings.checksum,
    trust: 'join',
    condition: 'none',
    contentType: store.version?.contentType ?? null,
    html: settings.html,
    outputName,
    firstBytes: server.firstBytes,
    signal: over,
  })
  judged.answer.discard()
  return judged
}

/** What an answer shows. Returns why it is a failure, or null. */
function note(server: Server, { answer, verdict }: JudgedAnswer): Failure | null {
  server.noteHead(answer)
  switch (verdict.kind) {
    case 'part':
    case 'whole':
      server.askNow()
      server.validators = verdict.validators
      server.hasRanges = verdict.kind === 'part'
      if (verdict.kind === 'part' && Object.keys(verdict.digests).length > 0) server.hasPartDigests = true
      server.access.goTo(answer.target)
      return null
    case 'no-range':
      server.validators = NOTHING
      return null
    case 'refused':
    case 'temporary':
      return statusFailure(answer, { isRefusal: false, prospect: 'passing', retryAfterMs: verdict.wait })
    case 'http-error':
      return statusFailure(answer, { isRefusal: false, prospect: 'final', retryAfterMs: null })
    case 'changed':
    case 'invalid':
    case 'stand-in':
      return { ...invalidAnswerFailure(verdict.reason), prospect: 'final' }
  }
}
