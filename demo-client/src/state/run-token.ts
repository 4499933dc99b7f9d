// The ID of a run: which process it is, and the proof that a run of this user made the ID. Pure.
//
// It is the last part of the name of every temporary file. So what a kill leaves says whose it was, even where it is empty.
import { createHash, createHmac, randomBytes } from 'node:crypto'

/** In the form of a UUID: number of the process, place, start, four digits and four more by chance, proof. */
const FORM = /^([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-[\da-f]{4}-[\da-f]{4}([\da-f]{8})$/
const PROOF_DIGITS = 8

/** A process, as others see it. */
export interface Process {
  readonly pid: number
  /** Machine, boot and pid namespace: only within one of these does the number mean anything. */
  readonly place: string
  /** When it started, in the kernel's ticks, or null where the system does not say. */
  readonly started: string | null
}

/** What an ID says of the process that made it. The digests are short: they tell apart, and prove nothing. */
export interface Maker {
  readonly pid: number
  readonly place: string
  readonly started: string
}

/** A new ID for `process`. `key`: what only runs of this user know, or an empty one where nobody else can make files. */
export function makeToken({ pid, place, started }: Process, key: Buffer): string {
  const [one, other] = [randomBytes(2), randomBytes(2)].map((bytes) => bytes.toString('hex'))
  const number = pid.toString(16).padStart(8, '0')
  const text = `${number}-${shortDigest(place)}-${shortDigest(started ?? '')}-${one}-${other}`
  return text + proof(text, key)
}

/** Who made the ID, or null: no run with this key did. */
export function readToken(token: string, key: Buffer): Maker | null {
  const [, pid, place, started, given] = FORM.exec(token) ?? []
  if (pid === undefined || place === undefined || started === undefined) return null
  if (given !== proof(token.slice(0, -PROOF_DIGITS), key)) return null
  return { pid: Number.parseInt(pid, 16), place, started }
}

/** Has `text`, read from a lock, the form of an ID? Only then may it be a part of a path. */
export function isToken(text: string): boolean {
  return FORM.test(text)
}

/** What an ID says of a place, or of a start. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 4)
}

function proof(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(`token\n${text}`).digest('hex').slice(0, PROOF_DIGITS)
}
