import type { Test } from 'tap'
import type { Server } from './file-server.ts'
import { field } from './raw-http.ts'
import { parseMultipart } from './strict-multipart.ts'

/** Both inclusive. */
export interface Asked {
  readonly first: number
  readonly last: number
}

/** Ascending and disjoint, as a differential updater asks for blocks: some long, some of a byte. */
export function blocks(count: number): Asked[] {
  return Array.from({ length: count }, (_, index) => {
    const first = index * 2500
    return { first, last: first + ((index * 37) % 2000) }
  })
}

/** As electron-updater writes them. */
export function rangeField(asked: readonly Asked[]): readonly [string, string] {
  return ['range', `bytes=${asked.map(({ first, last }) => `${first}-${last}`).join(', ')}`]
}

/** Asks for ranges of `a.bin`. The parts must have their bytes, in the order asked. */
export async function assertParts(
  t: Test,
  { server, content, asked }: { server: Server; content: Buffer; asked: readonly Asked[] },
): Promise<void> {
  const answer = await server.ask({ target: '/files/a.bin', fields: [rangeField(asked)] })
  t.equal(answer.status, 206)
  t.equal(field(answer, 'content-length'), String(answer.body.length))
  const parts = parseMultipart(String(field(answer, 'content-type')), answer.body)
  t.strictSame(
    parts.map(({ first, last }) => ({ first, last })),
    asked,
    'in the order asked',
  )
  t.ok(
    parts.every(({ first, last, bytes }) => bytes.equals(content.subarray(first, last + 1))),
    'the bytes',
  )
}
