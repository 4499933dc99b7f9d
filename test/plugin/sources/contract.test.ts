import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bufferSource } from 'fastify-send-range'
import t from 'tap'
import { keepsTheContract } from './support/contract.ts'
import { encryptedSource, sealed } from './support/encrypted-source.ts'
import { rowSource, rowsOf } from './support/row-source.ts'

/** No two stretches of it are alike, so that bytes from the wrong place show. */
const CONTENT = Buffer.alloc(8 * 1024 * 1024)
for (let at = 0; at < CONTENT.length; at += 4) CONTENT.writeUInt32BE(Math.imul(at + 1, 2654435761) >>> 0, at)

t.test('files', (t) =>
  keepsTheContract(t, (t) => {
    const root = t.testdir({})
    writeFileSync(join(root, 'f.bin'), CONTENT)
    return { plugin: { root }, path: 'f.bin', content: CONTENT, absent: 'absent.bin' }
  }),
)

t.test('files by a tag of their content', (t) =>
  keepsTheContract(t, (t) => {
    const root = t.testdir({})
    writeFileSync(join(root, 'f.bin'), CONTENT)
    return { plugin: { root, etag: 'content', maxOpenFiles: 0 }, path: 'f.bin', content: CONTENT }
  }),
)

t.test('a buffer', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: bufferSource(CONTENT) },
    path: 'any.bin',
    content: CONTENT,
  })),
)

t.test('rows of a table', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: rowSource(new Map([['f.bin', rowsOf(CONTENT)]])) },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)

t.test('encrypted chunks', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: encryptedSource(new Map([['f.bin', sealed(CONTENT)]])) },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)
