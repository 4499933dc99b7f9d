import { createHash } from 'node:crypto'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Test } from 'tap'

/** The forms of one file, by their codings. */
export const FORMS: Readonly<Record<'identity' | 'gzip' | 'br' | 'zstd', Buffer>> = makeForms()

/** The names of the forms of `app.js`. */
export const NAMES = {
  identity: 'app.js',
  gzip: 'app.js.gz',
  br: 'app.js.br',
  zstd: 'app.js.zst',
} as const satisfies Readonly<Record<keyof typeof FORMS, string>>

export type Form = keyof typeof FORMS

/** When every file of the folders was last modified. */
export const MODIFIED = new Date('2020-01-01T00:00:00Z')

function makeForms(): Readonly<Record<'identity' | 'gzip' | 'br' | 'zstd', Buffer>> {
  // It does not compress well: a short form would be sent whole in place of several ranges.
  const identity = Buffer.from(Array.from({ length: 200 }, (_, line) => digestOf(String(line))).join('\n'))
  // The server decodes nothing, and old versions of Node cannot make this coding.
  const zstd = Buffer.from(`(\xb5/\xfd${'zstd'.repeat(500)}`, 'latin1')
  return { identity, gzip: gzipSync(identity), br: brotliCompressSync(identity), zstd }
}

/** Makes a folder that has `app.js` in these forms. */
export function makeFolder(t: Test, forms: readonly Form[]): string {
  const root = t.testdir({})
  for (const form of forms) writeForm(root, form)
  return root
}

/** Writes one form of `app.js`. */
export function writeForm(root: string, form: Form, modified = MODIFIED): void {
  const path = join(root, NAMES[form])
  writeFileSync(path, FORMS[form])
  utimesSync(path, modified, modified)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
