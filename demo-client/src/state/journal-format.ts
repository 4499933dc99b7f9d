// The text of a journal: which blocks of a part file are good, and which version of which download they belong to. Pure.
import { createHmac } from 'node:crypto'
import type { Validators } from '../rules/validators.ts'
import type { Block } from './blocks.ts'
import { openSealed, sealText } from './sealed-text.ts'

/** What identifies a file on disk. */
export interface FileId {
  /** Its inode, in decimal. */
  readonly inode: string
  /** When it was created, in ns since 1970; null if the file system does not say. */
  readonly born: string | null
}

/** An empty file that reserves the final name; see `placeholder.ts`. */
export interface Placeholder {
  /** The final name, without its directory. */
  readonly name: string
  readonly file: FileId | null
  /** When it was last written to, which is when it was created, in ns since 1970. */
  readonly written: string
}

/** The version of the file that the received bytes belong to. */
export interface Version {
  readonly validators: Validators
  /** Media type of the file as first sent, or null. */
  readonly contentType: string | null
  /** The {@link sealedKey} of the URL of a mirror whose validators these are; missing if they are of the caller's URL. */
  readonly source?: string | undefined
}

/** What the journal records. */
export interface JournalRecord extends Version {
  /** The token of the writing run; null after its last write. */
  readonly writer: string | null
  /** The part file's name, without its directory, because that may be moved. */
  readonly name: string
  /** The part file's ID; null if the file system has no stable inodes. */
  readonly part: FileId | null
  /** The {@link sealedKey} of the download. A URL may contain a secret, which must not be stored. */
  readonly key: string
  /** Bytes that are certainly on the disk; sorted and disjoint. */
  readonly blocks: readonly Block[]
  /** The placeholder that has the final name now. */
  readonly placeholder?: Placeholder
}

const FORMAT = 'range-get journal 3'
/** With validators of a mirror. A program that does not know `source` must not take them for those of the caller's URL. */
const MIRROR_FORMAT = 'range-get journal 4'

/**
 * How a journal stores the URL, or the caller's `resumeKey`: a digest with the secret, so that other users cannot find the
 * URL by trying.
 */
export function sealedKey(key: string, secret: Buffer): string {
  return createHmac('sha256', secret).update(`key\n${key}`).digest('hex')
}

/** The record as text; see {@link sealText}. */
export function encodeJournal(record: JournalRecord, secret: Buffer): string {
  const { writer, name, part, key, validators, contentType, source, blocks, placeholder } = record
  const format = source === undefined ? FORMAT : MIRROR_FORMAT
  const body = JSON.stringify({
    writer,
    name,
    part,
    key,
    validators,
    contentType,
    source,
    blocks: blocks.map(({ start, end, crc }) => [start, end, crc]),
    placeholder,
  })
  return sealText(body, { format, secret })
}

/** The record of a text; null if that is incomplete, damaged, not proven, or of another version of the format. */
export function decodeJournal(text: string, secret: Buffer): JournalRecord | null {
  const format = text.startsWith(`${MIRROR_FORMAT} `) ? MIRROR_FORMAT : FORMAT
  const body = openSealed(text, { format, secret })
  if (body === null) return null
  // The proof says that this program wrote the text. Its shape is checked nevertheless.
  const value: unknown = JSON.parse(body)
  return isRecord(value) ? { ...value, blocks: value.blocks.map(toBlock) } : null
}

type Written = Omit<JournalRecord, 'blocks'> & { blocks: [number, number, number][] }

function toBlock([start, end, crc]: [number, number, number]): Block {
  return { start, end, crc }
}

function isRecord(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false
  if (!('writer' in value && 'name' in value && 'part' in value && 'contentType' in value)) return false
  if (!('key' in value && 'validators' in value && 'blocks' in value)) return false
  const { key, validators, blocks } = value
  if (typeof key !== 'string' || typeof validators !== 'object' || !Array.isArray(blocks)) return false
  if ('source' in value && typeof value.source !== 'string') return false
  if ('placeholder' in value && !isPlaceholder(value.placeholder)) return false
  let position = 0
  for (const block of blocks) {
    const [start, end, crc] = Array.isArray(block) ? block : []
    if (![start, end, crc].every(Number.isSafeInteger) || start < position || end <= start) return false
    position = end
  }
  return true
}

function isPlaceholder(value: unknown): value is Placeholder {
  if (typeof value !== 'object' || value === null) return false
  if (!('name' in value && 'file' in value && 'written' in value)) return false
  const { name, written } = value
  return typeof name === 'string' && typeof written === 'string' && /^-?\d+$/.test(written)
}
