// The token of a run: an ID that says which process it is, with a proof that a run of this user made it. Pure.
//
// It is the last part of the name of every temporary file. So a file left by a killed run says whose it is, even if empty.
import { createHash, createHmac, randomBytes } from 'node:crypto'

/** The form of a UUID: process number, place, start, two times four random digits, proof. */
const FORM = /^([\da-f]{8})-([\da-f]{4})-([\da-f]{4})-[\da-f]{4}-[\da-f]{4}([\da-f]{8})$/
const PROOF_DIGITS = 8

/** A process, as other processes see it. */
export interface Process {
  readonly pid: number
  /** Machine, boot and pid namespace. Only within these does the number identify a process. */
  readonly place: string
  /** When it started, in ticks of the kernel; null if the system does not say. */
  readonly started: string | null
}

/** What a token says about its process. The digests are short: they distinguish processes, but prove nothing. */
export interface Maker {
  readonly pid: number
  readonly place: string
  readonly started: string
}

/** A new token for a process. Only runs of this user know `key`. It is empty in a folder that others cannot write to. */
export function makeToken({ pid, place, started }: Process, key: Buffer): string {
  const [one, other] = [randomBytes(2), randomBytes(2)].map((bytes) => bytes.toString('hex'))
  const number = pid.toString(16).padStart(8, '0')
  const text = `${number}-${shortDigest(place)}-${shortDigest(started ?? '')}-${one}-${other}`
  return text + proof(text, key)
}

/** The process that made the token; null if no run with this key made it. */
export function readToken(token: string, key: Buffer): Maker | null {
  const [, pid, place, started, given] = FORM.exec(token) ?? []
  if (pid === undefined || place === undefined || started === undefined) return null
  if (given !== proof(token.slice(0, -PROOF_DIGITS), key)) return null
  return { pid: Number.parseInt(pid, 16), place, started }
}

/** Does `text`, read from a lock, have the form of a token? Only then may it become part of a path. */
export function isToken(text: string): boolean {
  return FORM.test(text)
}

/** The digest of a place, or of a start, in a token. */
export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 4)
}

function proof(text: string, key: Buffer): string {
  return createHmac('sha256', key).update(`token\n${text}`).digest('hex').slice(0, PROOF_DIGITS)
}
