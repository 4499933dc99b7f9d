// A text with a proof that a run of this user wrote it. Pure.
import { createHmac, timingSafeEqual } from 'node:crypto'

/** The format of a text, and the key that only this user's runs know. */
export interface Seal {
  /** Its name and version. A text of another version is not read. */
  readonly format: string
  readonly secret: Buffer
}

/**
 * `body`, which is one line, after a line with the format and the proof. The proof needs the secret. A checksum would not be
 * enough: a server that names its files could make a user download a forged text.
 */
export function sealText(body: string, seal: Seal): string {
  return `${headOf(body, seal)}\n${body}\n`
}

/** The body of a sealed text; null if that is incomplete, damaged, not proven, or of another version of the format. */
export function openSealed(text: string, seal: Seal): string | null {
  const [head = '', body, end, ...more] = text.split('\n')
  if (body === undefined || end !== '' || more.length > 0) return null
  const [given, wanted] = [Buffer.from(head), Buffer.from(headOf(body, seal))]
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? body : null
}

function headOf(body: string, { format, secret }: Seal): string {
  return `${format} ${createHmac('sha256', secret).update(`${format}\n${body}`).digest('hex')}`
}
