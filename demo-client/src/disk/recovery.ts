// What an earlier run has left of a download, as far as it is proven.
import { basename } from 'node:path'
import type { Claim } from '../claim/claim.ts'
import { loadJournal } from '../claim/journal.ts'
import type { Secret } from '../claim/secret.ts'
import { isSameFileId } from '../files/file-id.ts'
import { isJoinable } from '../rules/validators.ts'
import type { Block } from '../state/blocks.ts'
import { type JournalRecord, sealedKey, type Version } from '../state/journal-format.ts'
import { type NewPart, PartFile } from './part-file.ts'

/** What is looked for. */
export interface RecoveryOptions extends Claim, NewPart {
  readonly key: string
  readonly secret: Secret
  readonly resume: 'auto' | 'never'
}

/** What there is. */
export interface Recovered {
  /** The part file that was there, believed or not, or a new one, or a copy: these are yet to be published. */
  readonly part: PartFile
  /** Has it been made for this run, and nothing been written? */
  readonly isNew: boolean
  /** What of it can be used, or null. */
  readonly held: { readonly version: Version; readonly blocks: Block[] } | null
  /** The file that `part` is a copy of, to be deleted and closed; null where `part` is not a copy, and the journal knows it. */
  readonly replaced: PartFile | null
  /** What the user should know of what can be resumed, or `''`. */
  readonly notice: string
}

/** Opens the part file and checks what is in it. A link, or anything that is not a file, is refused. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { paths, secret } = options
  const old = await PartFile.find(paths.part, options)
  const part = old ?? (await newPart(options))
  try {
    const nothing = { part, isNew: old === null, held: null, replaced: null, notice: noticeOf(options) }
    if (options.resume === 'never') return nothing
    const found = await loadJournal(paths.journal, secret.key)
    if (old === null || found.kind === 'none') return nothing
    const record = found.kind === 'proven' ? found.record : null
    if (record === null || !(await isAbout(record, part))) return nothing
    if (record.key !== sealedKey(options.key, secret.key) || !isJoinable(record.validators)) return nothing
    return await recoverBlocks(options, part, record)
  } catch (error) {
    await part.discard()
    throw error
  }
}

function noticeOf(
  { secret: { unsavedReason }, skipped }: RecoveryOptions,
  bytes: 'held' | 'none' = 'none',
): string {
  const unproven = `starting over: nothing proves that an earlier run left what is there; ${skipped.join(' and ')} stay`
  const start = bytes === 'none' && skipped.length > 0 ? [unproven] : []
  const end = unsavedReason === null ? [] : [`a later run cannot resume this one: ${unsavedReason}`]
  return [...start, ...end].join('; ')
}

function newPart(options: RecoveryOptions): Promise<PartFile> {
  return PartFile.create(options.paths.part, { ...options, token: options.lock.token })
}

/** Is it this very file that the journal was written for? */
async function isAbout(record: JournalRecord, part: PartFile): Promise<boolean> {
  if (record.name !== basename(part.path)) return false
  return isSameFileId(record.part, await part.id())
}

async function recoverBlocks(
  options: RecoveryOptions,
  found: PartFile,
  record: JournalRecord,
): Promise<Recovered> {
  const isCopied = mayBeWritten(options, record) || (await found.isShared())
  const part = isCopied ? await copyOf(options, found, record.blocks) : found
  try {
    const blocks: Block[] = []
    for (const block of record.blocks) {
      if (block.end <= (record.validators.total ?? 0) && (await part.holds(block))) blocks.push(block)
    }
    const { validators, contentType } = record
    const held = blocks.length === 0 ? null : { version: { validators, contentType }, blocks }
    const notice = noticeOf(options, held === null ? 'none' : 'held')
    return { part, isNew: false, held, replaced: isCopied ? found : null, notice }
  } catch (error) {
    if (isCopied) await part.discard()
    throw error
  }
}

/**
 * May the run that wrote this still write? One that ended by itself has said so in the journal. Of another it is known
 * only where the lock cleared away was its own, and it is dead for certain.
 */
function mayBeWritten({ lock }: RecoveryOptions, { writer }: JournalRecord): boolean {
  if (writer === null) return false
  return lock.predecessor?.owner?.token !== writer || !lock.predecessor.isDead
}

/** A new file with these bytes, yet to be published: whatever is still written into the old one does not change it. */
async function copyOf(options: RecoveryOptions, old: PartFile, blocks: readonly Block[]): Promise<PartFile> {
  const copy = await newPart(options)
  try {
    for (const block of blocks) await old.copyTo(copy, block)
  } catch (error) {
    await copy.discard()
    throw error
  }
  return copy
}
