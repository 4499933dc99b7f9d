// The journal's text: what of a part file is known to be good, and which version of what it belongs to. Pure.
import { createHash } from 'node:crypto'
import type { Identity } from './identity.ts'
import type { Block } from './plan.ts'

/** What the journal records. */
export interface JournalRecord {
  /** What is downloaded: the URL, or the caller's `resumeKey`. */
  readonly key: string
  readonly identity: Identity
  /** Media type of the file as first sent, or null. */
  readonly contentType: string | null
  /** Bytes that are on disk for certain; sorted, disjoint. */
  readonly blocks: readonly Block[]
}

const FORMAT = 'range-get journal 1'

/** The record as text: one line of format and checksum, one line of JSON. */
export function encodeJournal(record: JournalRecord): string {
  const { key, identity, contentType, blocks } = record
  const body = JSON.stringify({
    key,
    identity,
    contentType,
    blocks: blocks.map(({ start, end, crc }) => [start, end, crc]),
  })
  return `${FORMAT} ${checksum(body)}\n${body}\n`
}

/** The record back from its text; null where that is torn, damaged, or of another version of the format. */
export function decodeJournal(text: string): JournalRecord | null {
  const [head, body] = text.split('\n')
  if (body === undefined || head !== `${FORMAT} ${checksum(body)}`) return null
  // The checksum proves that these are the bytes this program wrote; the shape is checked all the same.
  const value: unknown = JSON.parse(body)
  return isRecord(value) ? { ...value, blocks: value.blocks.map(toBlock) } : null
}

type Written = Omit<JournalRecord, 'blocks'> & { blocks: [number, number, number][] }

function toBlock([start, end, crc]: [number, number, number]): Block {
  return { start, end, crc }
}

function isRecord(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false
  if (!('key' in value && 'identity' in value && 'contentType' in value && 'blocks' in value)) return false
  const { key, identity, blocks } = value
  if (typeof key !== 'string' || typeof identity !== 'object' || !Array.isArray(blocks)) return false
  let position = 0
  for (const block of blocks) {
    const [start, end, crc] = Array.isArray(block) ? block : []
    if (![start, end, crc].every(Number.isSafeInteger) || start < position || end <= start) return false
    position = end
  }
  return true
}

function checksum(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
