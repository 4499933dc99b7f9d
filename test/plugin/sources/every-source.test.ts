import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bufferSource, fileSource, firstOf, type RangeSource } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { keepsTheContract } from './support/contract.ts'
import { encryptedSource, sealed } from './support/encrypted-source.ts'
import { rowSource, rowsOf } from './support/row-source.ts'

/** No two parts of it are equal, so that bytes of a wrong position are noticed. */
const CONTENT = Buffer.alloc(8 * 1024 * 1024)
for (let at = 0; at < CONTENT.length; at += 4) CONTENT.writeUInt32BE(Math.imul(at + 1, 2654435761) >>> 0, at)

function rootWithContent(t: Test): string {
  const root = t.testdir({})
  writeFileSync(join(root, 'f.bin'), CONTENT)
  return root
}

t.test('files keep the contract of a source', (t) =>
  keepsTheContract(t, (t) => ({
    plugin: { root: rootWithContent(t) },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)

t.test('files with tags of their content keep the contract of a source', (t) =>
  keepsTheContract(t, (t) => ({
    plugin: { root: rootWithContent(t), etag: 'content', maxOpenFiles: 0 },
    path: 'f.bin',
    content: CONTENT,
  })),
)

const nothing: RangeSource = { open: () => undefined }

const FILE_SOURCES: Readonly<Record<string, (t: Test) => RangeSource>> = {
  'a file source': (t) => fileSource({ root: rootWithContent(t) }),
  'a file source with tags of the content': (t) =>
    fileSource({ root: rootWithContent(t), etag: 'content', maxOpenFiles: 0 }),
  'the first of one source': (t) => firstOf(fileSource({ root: rootWithContent(t) })),
  'the second of several sources': (t) =>
    firstOf(nothing, fileSource({ root: rootWithContent(t) }), bufferSource(CONTENT.subarray(1))),
  'the first of a first': (t) => firstOf(firstOf(nothing, fileSource({ root: rootWithContent(t) }))),
}

for (const [name, make] of Object.entries(FILE_SOURCES)) {
  t.test(`${name} keeps the contract`, (t) =>
    keepsTheContract(t, (t) => ({
      plugin: { source: make(t) },
      path: 'f.bin',
      content: CONTENT,
      ...(!name.startsWith('the second') && { absent: 'absent.bin' }),
    })),
  )
}

t.test('the first of rows of a table and files keeps the contract', (t) =>
  keepsTheContract(t, (t) => ({
    plugin: {
      source: firstOf(rowSource(new Map([['f.bin', rowsOf(CONTENT)]])), fileSource({ root: t.testdir({}) })),
    },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)

t.test('a buffer keeps the contract', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: bufferSource(CONTENT) },
    path: 'any.bin',
    content: CONTENT,
  })),
)

t.test('rows of a table keep the contract', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: rowSource(new Map([['f.bin', rowsOf(CONTENT)]])) },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)

t.test('encrypted chunks keep the contract', (t) =>
  keepsTheContract(t, () => ({
    plugin: { source: encryptedSource(new Map([['f.bin', sealed(CONTENT)]])) },
    path: 'f.bin',
    content: CONTENT,
    absent: 'absent.bin',
  })),
)
