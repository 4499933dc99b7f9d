import { rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import {
  bufferSource,
  fileSource,
  firstOf,
  type OpenContext,
  type RangeSource,
  type Representation,
} from 'fastify-send-range'
import t, { type Test } from 'tap'
import { serve } from '../support/serve.ts'

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const SECOND = 784_111_777

interface Folders {
  readonly first: string
  readonly second: string
}

/** Two folders with a file of the same name, size and date, and other bytes. */
function foldersOf(t: Test): Folders {
  const base = t.testdir({ first: { x: 'AAAAAAAAAA' }, second: { x: 'BBBBBBBBBB' } })
  const [first, second] = [join(base, 'first'), join(base, 'second')]
  for (const folder of [first, second]) utimesSync(join(folder, 'x'), SECOND, SECOND)
  return { first, second }
}

const SECOND_BYTES: Readonly<Record<string, (folder: string) => RangeSource>> = {
  files: (root) => fileSource({ root }),
  'bytes in memory': () => bufferSource(Buffer.from('BBBBBBBBBB'), { lastModified: new Date(SECOND * 1000) }),
}

const WAYS: Readonly<Record<string, (...sources: RangeSource[]) => RangeSource>> = {
  firstOf,
  'firstOf in firstOf': (...sources) => firstOf(firstOf(...sources)),
  'a source that passes calls on': (...sources) => {
    const both = firstOf(...sources)
    return { open: (path, context) => both.open(path, context) }
  },
  'a source that copies what firstOf opened': (...sources) => {
    const both = firstOf(firstOf(...sources))
    return {
      async open(path, context) {
        const opened = await both.open(path, context)
        return opened && { ...opened }
      },
    }
  },
}

for (const [name, combine] of Object.entries(WAYS)) {
  for (const [kind, secondOf] of Object.entries(SECOND_BYTES)) {
    t.test(`a date does not continue with the bytes of another source (${name}, ${kind})`, async (t) => {
      const { first, second } = foldersOf(t)
      const source = combine(fileSource({ root: first }), secondOf(second))
      const { app } = await serve(t, { plugin: { source } })
      const begun = await app.inject({ url: '/x', headers: { range: 'bytes=0-4' } })
      t.equal(begun.statusCode, 206)
      t.equal(begun.body, 'AAAAA')
      t.equal(begun.headers['last-modified'], DATE, 'the date is sent')
      rmSync(join(first, 'x'))
      const continued = await app.inject({ url: '/x', headers: { range: 'bytes=5-', 'if-range': DATE } })
      t.equal(continued.statusCode, 200)
      t.equal(continued.body, 'BBBBBBBBBB')
      const unmodified = await app.inject({ url: '/x', headers: { 'if-unmodified-since': DATE } })
      t.equal(unmodified.statusCode, 412)
      const modified = await app.inject({ url: '/x', headers: { 'if-modified-since': DATE } })
      t.equal(modified.statusCode, 200)
    })
  }
}

for (const [name, combine] of Object.entries(WAYS)) {
  t.test(`a strong tag of one of several sources continues (${name})`, async (t) => {
    const { first, second } = foldersOf(t)
    const source = combine(fileSource({ root: first }), fileSource({ root: second }))
    const { app } = await serve(t, { plugin: { source } })
    const etag = String((await app.inject('/x')).headers.etag)
    const headers = { range: 'bytes=5-', 'if-range': etag }
    const continued = await app.inject({ url: '/x', headers })
    t.equal(continued.statusCode, 206)
    t.equal(continued.body, 'AAAAA')
    rmSync(join(first, 'x'))
    t.equal((await app.inject({ url: '/x', headers })).body, 'BBBBBBBBBB')
  })

  t.test(`a date of the only source stays strong (${name})`, async (t) => {
    const { first } = foldersOf(t)
    const { app } = await serve(t, { plugin: { source: combine(fileSource({ root: first })) } })
    const headers = { range: 'bytes=5-', 'if-range': DATE }
    t.equal((await app.inject({ url: '/x', headers })).statusCode, 206)
    t.equal((await app.inject({ url: '/x', headers: { 'if-modified-since': DATE } })).statusCode, 304)
  })
}

const wanted: OpenContext = { signal: new AbortController().signal }

t.test(
  'firstOf passes on a representation of a class as it is, except the strength of its date',
  async (t) => {
    class Held {
      readonly #bytes = Buffer.from('text')
      readonly lastModifiedStrength: Representation['lastModifiedStrength']
      isClosed = false

      constructor(strength: Representation['lastModifiedStrength']) {
        this.lastModifiedStrength = strength
      }

      get size(): number {
        return this.#bytes.length
      }

      async readAt(target: Uint8Array, position: number): Promise<number> {
        return this.#bytes.copy(target, 0, position)
      }

      close(): void {
        this.isClosed = this.#bytes.length > 0
      }
    }
    const rows = [
      [undefined, 'weak'],
      ['strong', 'weak'],
      ['weak', 'weak'],
      ['open', 'open'],
    ] as const
    for (const [given, expected] of rows) {
      const held = new Held(given)
      const opened = await firstOf({ open: () => undefined }, { open: () => held }).open('x', wanted)
      if (opened === undefined || !('readAt' in opened)) throw new Error('nothing at positions')
      t.equal(opened.lastModifiedStrength, expected)
      t.equal(opened.size, 4)
      t.notOk('etag' in opened)
      const target = Buffer.alloc(4)
      t.equal(await opened.readAt(target, 0, wanted.signal), 4)
      t.equal(target.toString(), 'text')
      await opened.close()
      t.ok(held.isClosed)
    }
  },
)

t.test('what breaks the contract of a source is passed on by firstOf as it is', async (t) => {
  const wrong: readonly unknown[] = [null, 'text', 5, { size: 4, lastModifiedStrength: 'wrong', close() {} }]
  for (const given of wrong) {
    const both = firstOf({ open: () => undefined }, { open: () => given } as unknown as RangeSource)
    const source: RangeSource = { open: (path, context) => both.open(path, context) }
    const { app } = await serve(t, { plugin: { source } })
    const answer = await app.inject('/x')
    t.equal(answer.statusCode, 500)
    t.equal(answer.json().code, 'ERR_RANGE_SOURCE')
  }
})
