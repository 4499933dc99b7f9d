// Whether the file is there already, so that nothing is fetched: by the checksum of the caller, or with `existing: 'update'`
// because the server still has the same version.
//
// A file counts as unchanged only if both halves are proven. The file on the disk is the one that was downloaded: a record says
// so, whose mark or digest it has (`disk/update-records.ts`), or it has the digest that the server sends. And the server
// still has that version: it says so by 304, or by the validators or the digest of an answer. The date of a file proves
// nothing. In doubt the file is fetched again.
import { isStillMarked, markAt } from './claim/update-record-file.ts'
import type { Output } from './disk/destination.ts'
import type { Store } from './disk/store.ts'
import { type Facts, UpdateRecords } from './disk/update-records.ts'
import type { VerifiedDigest } from './disk/verify-digests.ts'
import type { DownloadResult } from './download-result.ts'
import { DownloadError, unlessShort } from './errors.ts'
import { digestOf } from './files/file-digest.ts'
import { type Answer, type HttpClient, RequestFailure } from './http/answer.ts'
import type { Target } from './http/target.ts'
import type { Settings } from './options.ts'
import { type Algorithm, type Digests, type ExpectedDigest, strongest } from './rules/digest.ts'
import { contradicts, isStillServed, judgeUpdate, updateCondition } from './rules/update.ts'
import { strongTag, type Validators } from './rules/validators.ts'
import type { UpdateRecord } from './state/update-record.ts'
import { requestFields } from './transfer/request-fields.ts'

/** The download whose file may be there. */
export interface FinishedFileContext {
  readonly output: Output
  readonly origin: Target
  readonly client: HttpClient
  readonly settings: Settings
  /** See `StoreOptions`. */
  readonly key: string
}

/** What is known about a file that is not fetched. */
export type FoundFile = Pick<DownloadResult, 'size' | 'etag' | 'integrity' | 'digest'>

/** Thrown when an answer shows that the file on the disk is the one that the server has. */
export class UnchangedFile extends Error {
  readonly found: FoundFile
  /** What to record about the file; null if that is recorded already. */
  readonly facts: Facts | null

  constructor(found: FoundFile, facts: Facts | null) {
    super('the file has not changed')
    this.found = found
    this.facts = facts
  }
}

/** The file of one download, if it is there. */
export class FinishedFile {
  readonly #context: FinishedFileContext
  /** Null without `existing: 'update'`. */
  #records: UpdateRecords | null = null

  constructor(context: FinishedFileContext) {
    this.#context = context
  }

  /**
   * The file, if nothing has to be fetched. Sends at most one request, and only about a file that is recorded.
   * @throws DownloadError `ERR_DOWNLOAD_PROTOCOL` if the server contradicts itself
   */
  async find(): Promise<FoundFile | null> {
    const { output, settings, key } = this.#context
    const { checksum, existing, signal } = settings
    if (existing === 'update') {
      const path = output.isNamed ? (await output.place()).path : output.path
      this.#records = new UpdateRecords({ path, key, signal })
    }
    // A checksum says which file it has to be, whatever the server has.
    if (checksum !== null) return await this.#withChecksum(checksum)
    const recorded = (await this.#records?.find(null)) ?? null
    if (recorded === null || !(await this.#isUnchanged(recorded.record))) return null
    // Another run may have replaced the file while the server was asked.
    if (!(await isStillMarked(recorded.target, recorded.mark))) return null
    if (!output.isNamed) output.takeName(recorded.record.name)
    await output.cleanUp(recorded.target)
    return foundBy(recorded.record)
  }

  /** The same after a failure. The server may have named the right file, or another run may have been faster. */
  async findAfter(failure: unknown): Promise<FoundFile | null> {
    const isThere = failure instanceof DownloadError && failure.code === 'ERR_DOWNLOAD_EXISTS'
    const { checksum } = this.#context.settings
    return isThere && checksum !== null ? await this.#withChecksum(checksum) : null
  }

  /**
   * Compares the file with the first answer of a version.
   * @throws UnchangedFile if it is that version
   */
  async compare(validators: Validators): Promise<void> {
    const { output, settings } = this.#context
    const place = this.#records === null ? null : await output.place()
    if (this.#records === null || place?.kind !== 'file') return
    if (settings.checksum !== null) {
      const found = output.isNamed ? null : await this.#withChecksum(settings.checksum)
      if (found !== null) throw new UnchangedFile(found, null)
      return
    }
    const recorded = await this.#records.find(output.isNamed ? place.path : output.path)
    if (recorded !== null && isStillServed(recorded.record.validators, validators))
      throw new UnchangedFile(foundBy(recorded.record), null)
    await this.#compareDigest(place.path, validators)
  }

  /** Keeps a record for the next run, or removes one that is out of date. Returns whether the next run can use it. */
  async keepRecord(store: Store, facts: Facts | null): Promise<boolean> {
    const { output } = this.#context
    const path = output.isNamed ? null : output.path
    return (await this.#records?.save(store, path, facts)) ?? true
  }

  async #withChecksum(checksum: ExpectedDigest): Promise<FoundFile | null> {
    const { output, settings } = this.#context
    const size = await output.finishedSize(checksum, settings.signal)
    if (size === null) return null
    return { size, etag: null, integrity: 'checksum', digest: checksum.algorithm }
  }

  /** Asks the server once. If there is no answer, the download asks again, as often as it may. */
  async #isUnchanged({ validators, sha256 }: UpdateRecord): Promise<boolean> {
    const { client, origin, settings } = this.#context
    const condition = updateCondition(validators)
    if (condition === null) return false
    // RFC 9110 §13.2.2: conditions come before Range. If the file has changed, its first byte is enough here.
    const first = { range: { start: 0, end: 1 }, validators: null, condition: 'none' } as const
    const signal = settings.signal ?? new AbortController().signal
    let answer: Answer
    try {
      answer = await client.get(origin, { ...requestFields(first), ...condition }, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof RequestFailure) return false
      throw error
    }
    answer.discard()
    const verdict = judgeUpdate(validators, answer)
    if (verdict.kind === 'contradiction')
      throw new DownloadError('ERR_DOWNLOAD_PROTOCOL', `the server ${verdict.reason}`)
    const linked = answer.target.linked?.digests ?? {}
    return verdict.kind === 'unchanged' && !contradicts({ ...validators.digests, 'sha-256': sha256 }, linked)
  }

  /** Without a record, or if the validators differ, the digest of the server decides. */
  async #compareDigest(path: string, validators: Validators): Promise<void> {
    const { signal } = this.#context.settings
    const digests = { ...validators.vouched?.digests, ...validators.digests }
    const expected = strongest(digests)
    const mark = expected === null ? null : await markAt(path)
    if (expected === null || mark === null || (validators.total ?? mark.size) !== mark.size) return
    const hash = async (algorithm: Algorithm): Promise<string | null> => {
      const found = await digestOf(path, { algorithm, signal }).catch(unlessShort(null, path))
      signal?.throwIfAborted()
      return found?.digest ?? null
    }
    if ((await hash(expected.algorithm)) !== expected.value) return
    const sha256 = expected.algorithm === 'sha-256' ? expected.value : await hash('sha-256')
    if (sha256 === null || !(await isStillMarked(path, mark))) return
    const proof = { integrity: 'digest', digest: expected.algorithm } as const
    const facts = { mark, sha256, validators: { ...validators, total: mark.size }, ...proof }
    throw new UnchangedFile({ size: mark.size, etag: strongTag(validators), ...proof }, worthKeeping(facts))
  }
}

function foundBy({ mark, validators, integrity, digest }: UpdateRecord): FoundFile {
  return { size: mark.size, etag: strongTag(validators), integrity, digest }
}

/** Null if no later answer could show that the file has not changed. */
export function worthKeeping(facts: Facts): Facts | null {
  const { digests, vouched } = facts.validators
  const isUseful =
    updateCondition(facts.validators) !== null || strongest({ ...vouched?.digests, ...digests }) !== null
  return isUseful ? facts : null
}

/** What a download has fetched, and what proves it. */
export interface FetchedProof {
  /** Size in bytes. */
  readonly total: number
  /** Digests of the file that were sent. */
  readonly digests: readonly Digests[]
  /** Null if there was no digest of the whole file. */
  readonly verified: VerifiedDigest | null
  readonly integrity: DownloadResult['integrity']
}

/** What to record about a version that is in the store and verified, once it has its name. */
export async function factsOf(
  store: Store,
  { total, digests, verified, integrity }: FetchedProof,
  checksum: ExpectedDigest | null,
): Promise<Omit<Facts, 'mark'> | null> {
  const validators = store.version?.validators
  if (validators === undefined) return null
  const sent: Digests = Object.assign({}, validators.digests, ...digests)
  const given: Digests = checksum === null ? {} : { [checksum.algorithm]: checksum.value }
  // If anything was verified, all of them are true.
  const known = verified === null ? undefined : { ...sent, ...given }['sha-256']
  const sha256 = known ?? (await store.digests(['sha-256'], { start: 0, end: total })).get('sha-256')
  if (sha256 === undefined) return null
  const recorded = { ...validators, total, digests: sent }
  return { sha256, validators: recorded, integrity, digest: verified?.algorithm ?? null }
}
