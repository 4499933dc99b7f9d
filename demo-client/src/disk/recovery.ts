// Recovers the blocks that an earlier run has received, as far as they are proven.
import { basename } from 'node:path'
import type { Claim } from '../claim/claim.ts'
import { loadJournal, saveJournal } from '../claim/journal-file.ts'
import type { Secret } from '../claim/journal-key.ts'
import { isSameFileId } from '../files/file-id.ts'
import { isJoinable } from '../rules/validators.ts'
import type { Block } from '../state/blocks.ts'
import { type JournalRecord, sealedKey, type Version } from '../state/journal-format.ts'
import { type NewPart, PartFile } from './part-file.ts'

/** The download to recover. */
export interface RecoveryOptions extends Claim, NewPart {
  readonly key: string
  readonly secret: Secret
  readonly resume: 'auto' | 'never'
}

/** What was recovered. */
export interface Recovered {
  /** The part file that was there, a new one, or a copy. A new one or a copy is not yet published. */
  readonly part: PartFile
  /** Was it made for this run, and is it still empty? */
  readonly isNew: boolean
  /** The version and the blocks of it that can be used, or null. */
  readonly held: { readonly version: Version; readonly blocks: Block[] } | null
  /** The file that `part` is a copy of, to be deleted and closed. Null: `part` is not a copy, and the journal records it. */
  readonly replaced: PartFile | null
  /** Does the journal name this run as its writer already? */
  readonly isWriter: boolean
  /** What the user should know about resuming, or `''`. */
  readonly notice: string
}

const NOTHING = { held: null, replaced: null, isWriter: false } as const

/** Opens the part file and checks its blocks. A link, or anything but a file, is refused. */
export async function recover(options: RecoveryOptions): Promise<Recovered> {
  const { paths, secret } = options
  // A file that appears after the look stays: a new one never gets a name that is taken.
  const old = options.hasNoPart ? null : await PartFile.find(paths.part, options)
  const part = old ?? (await newPart(options))
  try {
    const nothing = { part, isNew: old === null, ...NOTHING, notice: noticeOf(options) }
    if (options.resume === 'never' || options.isFresh) return nothing
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
  const unproven = `starting from 0: nothing proves that range-get made ${skipped.join(' and ')}; left unchanged`
  const start = bytes === 'none' && skipped.length > 0 ? [unproven] : []
  const end = unsavedReason === null ? [] : [`a later run cannot resume this one: ${unsavedReason}`]
  return [...start, ...end].join('; ')
}

function newPart(options: RecoveryOptions): Promise<PartFile> {
  return PartFile.create(options.paths.part, { ...options, token: options.lock.token })
}

/** Was the journal written for this file? */
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
  const isWriter = !isCopied && (await becomeWriter(options, record))
  const part = isCopied ? await copyOf(options, found, record.blocks) : found
  try {
    const blocks: Block[] = []
    for (const block of record.blocks) {
      if (block.end <= (record.validators.total ?? 0) && (await part.holds(block))) blocks.push(block)
    }
    if (blocks.length === 0) {
      // The journal is about the file that was found. A copy that no journal records would be a stranger to later runs.
      if (isCopied) await part.discard()
      return { part: found, isNew: false, ...NOTHING, isWriter, notice: noticeOf(options) }
    }
    const { validators, contentType, source } = record
    const held = { version: { validators, contentType, source }, blocks }
    const replaced = isCopied ? found : null
    return { part, isNew: false, held, replaced, isWriter, notice: noticeOf(options, 'held') }
  } catch (error) {
    if (isCopied) await part.discard()
    throw error
  }
}

/**
 * May the run that wrote this journal still write to the part file? A run that ended by itself has said so in the journal.
 * Another one certainly writes no more only if this run cleared its lock and it is dead.
 */
function mayBeWritten({ lock }: RecoveryOptions, { writer }: JournalRecord): boolean {
  if (writer === null) return false
  return lock.predecessor?.owner?.token !== writer || !lock.predecessor.isDead
}

/**
 * Names this run in the journal, in the place of a run that has ended: only that one's lock proved it, and it is gone. Without
 * this, the next run would have to copy the file if this one ends before its own first journal, as while it checks the bytes.
 * Returns whether the journal names this run.
 */
async function becomeWriter(
  { paths, lock, secret }: RecoveryOptions,
  record: JournalRecord,
): Promise<boolean> {
  if (record.writer === null) return false
  const { token } = lock
  const seal = { token, secret: secret.key, onDisk: Promise.resolve(), assertHeld: () => lock.assertHeld() }
  return await saveJournal(paths.journal, { ...record, writer: token }, seal).then(
    () => true,
    () => false, // on a full disk, for example: a copy is better than no download
  )
}

/** Does the journal name the run that has this lock as its writer? */
export async function isWriterOf(
  { paths, lock }: Pick<Claim, 'paths' | 'lock'>,
  secret: Buffer,
): Promise<boolean> {
  const found = await loadJournal(paths.journal, secret).catch(() => null)
  return found?.kind === 'proven' && found.record.writer === lock.token
}

/** A new file with these bytes, not yet published. Later writes to the old file do not change it. */
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
