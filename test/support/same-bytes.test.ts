import t, { Test } from 'tap'
import { Parser, type Result } from 'tap-parser'
import { describeFailure } from './reporter/failure.ts'
import { sameBytes } from './same-bytes.ts'

/** The assertions that a test makes, as tap reports them. */
async function assertionsOf(run: (inner: Test) => void): Promise<Result[]> {
  const inner = new Test({})
  const results: Result[] = []
  const parser = new Parser()
  parser.on('assert', (result: Result) => results.push(result))
  const written = inner.concat()
  run(inner)
  inner.end()
  parser.end(await written)
  return results
}

/** What a person reads of the only assertion, which fails. */
async function failureOf(actual: Uint8Array | null | undefined, expected: Uint8Array): Promise<string[]> {
  const [result, ...more] = await assertionsOf((inner) => sameBytes(inner, actual, expected, 'a file'))
  if (result === undefined || result.ok || more.length > 0) throw new Error('not one failed assertion')
  return describeFailure(['a.test.ts'], result).trimEnd().split('\n')
}

t.test('equal bytes are one assertion that passes, with the message or a default one', async (t) => {
  const results = await assertionsOf((inner) => {
    t.equal(sameBytes(inner, new Uint8Array([1, 2]), Buffer.from([1, 2]), 'a file'), true)
    sameBytes(inner, Buffer.alloc(0), Buffer.alloc(0))
    sameBytes(inner, Buffer.from('a'), Buffer.from('a'), '')
  })
  t.strictSame(
    results.map(({ ok, name }) => [ok, name]),
    [
      [true, 'a file'],
      [true, 'the bytes are equal'],
      [true, 'the bytes are equal'],
    ],
  )
})

t.test('different bytes fail with the lengths, the first difference and the bytes around it', async (t) => {
  const expected = Buffer.alloc(1_048_576, 'abc\n')
  const actual = Buffer.from(expected)
  actual[70_000] = 9
  const [place, name, source, ...lines] = await failureOf(actual, expected)
  t.match(place, /^not ok: test\/support\/same-bytes\.test\.ts:\d+:\d+$/)
  t.equal(name, '  a file')
  t.match(source, "sameBytes(inner, actual, expected, 'a file')")
  const [before, after] = ['61 62 63 0a 61 62 63 0a', '62 63 0a 61 62 63 0a 61 62 63 0a 61 62 63 0a']
  t.strictSame(lines, [
    '  firstDifference: "at offset 70000"',
    `  expected: "1048576 bytes, from 69992: ${before} > 61 ${after} |abc.abc.abc.abc.abc.abc.|"`,
    `  actual: "1048576 bytes, from 69992: ${before} > 09 ${after} |abc.abc..bc.abc.abc.abc.|"`,
  ])
})

t.test('bytes that end early differ from their end on', async (t) => {
  const lines = await failureOf(Buffer.from('abc'), Buffer.from('abcd'))
  t.strictSame(lines.slice(-3), [
    '  firstDifference: "at offset 3"',
    '  expected: "4 bytes, from 0: 61 62 63 > 64 |abcd|"',
    '  actual: "3 bytes, from 0: 61 62 63 > |abc|"',
  ])
})

t.test('a file that does not exist fails (null, undefined)', async (t) => {
  for (const missing of [null, undefined]) {
    const lines = await failureOf(missing, Buffer.from('a'))
    t.equal(lines.at(-1), `  actual: "${missing}, not bytes"`)
    t.equal((await failureOf(missing, Buffer.alloc(0))).at(-1), `  actual: "${missing}, not bytes"`)
  }
})
