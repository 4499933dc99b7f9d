import assert from 'node:assert/strict'
import type { RangeSource } from '../sources/source.ts'
import { type Answer, ask, type Question } from './ask.ts'
import { withServer } from './contract-server.ts'
import type { ContractSubject } from './contract-subject.ts'
import { sameBytes } from './read-range.ts'

interface Row {
  readonly name: string
  readonly method?: 'HEAD'
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly body?: Uint8Array
  readonly contentRange?: string
}

const EMPTY = new Uint8Array(0)

/** The answer to `range` of `content`, which is `at`, both ends inclusive. */
function part(
  content: Uint8Array,
  range: string,
  at: readonly [first: number, last: number],
): Omit<Row, 'name'> {
  const [first, last] = at
  return {
    headers: { range },
    status: 206,
    body: content.subarray(first, last + 1),
    contentRange: `bytes ${first}-${last}/${content.length}`,
  }
}

/** What clients are answered. */
function rowsFor(content: Uint8Array): readonly Row[] {
  const size = content.length
  const third = Math.floor(size / 3)
  const middle = Math.floor(size / 2)
  return [
    { name: 'the whole', status: 200, body: content },
    { name: 'HEAD', method: 'HEAD', status: 200, body: EMPTY },
    { name: 'the whole by a range', ...part(content, 'bytes=0-', [0, size - 1]) },
    { name: 'the first bytes', ...part(content, 'bytes=0-9', [0, 9]) },
    { name: 'the middle', ...part(content, `bytes=${third}-${middle}`, [third, middle]) },
    { name: 'an open range', ...part(content, `bytes=${size - 10}-`, [size - 10, size - 1]) },
    { name: 'the last bytes', ...part(content, 'bytes=-7', [size - 7, size - 1]) },
    { name: 'a range over the end', ...part(content, `bytes=${size - 3}-${size + 3}`, [size - 3, size - 1]) },
    {
      name: 'a range after the end',
      headers: { range: `bytes=${size}-` },
      status: 416,
      contentRange: `bytes */${size}`,
    },
    { name: 'If-None-Match of any version', headers: { 'if-none-match': '*' }, status: 304, body: EMPTY },
    { name: 'If-Match of another version', headers: { 'if-match': '"other"' }, status: 412 },
    {
      name: 'If-Range of another version',
      headers: { range: 'bytes=0-9', 'if-range': '"other"' },
      status: 200,
      body: content,
    },
  ]
}

/** What clients are answered that ask with a strong tag. */
function rowsWithTag(content: Uint8Array, etag: string | undefined): readonly Row[] {
  if (!etag?.startsWith('"')) return []
  const asked = part(content, 'bytes=5-9', [5, 9])
  return [
    { name: 'If-None-Match of this version', headers: { 'if-none-match': etag }, status: 304, body: EMPTY },
    { name: 'If-Range of this version', ...asked, headers: { ...asked.headers, 'if-range': etag } },
  ]
}

/** Serves the source, and compares whole answers. */
export async function answersAreRight(source: RangeSource, subject: ContractSubject): Promise<void> {
  await withServer({ source, subject, transport: 'HTTP/1' }, async ({ listen }) => {
    const port = await listen()
    const { etag } = (await wholeAnswer(port, { method: 'HEAD', url: '/f' }, 'HEAD')).headers
    const rows = [...rowsFor(subject.content), ...rowsWithTag(subject.content, etag)]
    for (const row of rows) await answerIsRight(port, row)
    await severalRanges(port, subject.content)
    if (subject.absent === undefined) return
    for (const method of ['GET', 'HEAD'] as const) {
      const name = `${method} of a path that is not there`
      const { status } = await wholeAnswer(port, { method, url: '/absent' }, name)
      assert.equal(status, 404, name)
    }
  })
}

async function wholeAnswer(port: number, question: Question, name: string): Promise<Answer> {
  return await ask(port, question).catch((error: Error) =>
    assert.fail(`${name}: the answer was cut (${error.message})`),
  )
}

async function answerIsRight(port: number, row: Row): Promise<void> {
  const { name, method = 'GET', headers = {}, status, body, contentRange } = row
  const answer = await wholeAnswer(port, { method, url: '/f', headers }, name)
  assert.equal(answer.status, status, `${name}: the status`)
  assert.equal(answer.headers['content-range'], contentRange, `${name}: Content-Range`)
  if (body !== undefined) sameBytes(answer.body, body, name)
}

/** The parts are found by their heads: RFC 9110 §14.6. */
async function severalRanges(port: number, content: Uint8Array): Promise<void> {
  const size = content.length
  const ranges = [
    [size - 20, size - 11],
    [0, 4],
    [Math.floor(size / 3), Math.floor(size / 3) + Math.floor(size / 10)],
  ] as const
  const range = `bytes=${ranges.map(([first, last]) => `${first}-${last}`).join(', ')}`
  const { status, body } = await wholeAnswer(port, { url: '/f', headers: { range } }, 'several ranges')
  assert.equal(status, 206, 'several ranges: the status')
  for (const [first, last] of ranges) {
    const head = `Content-Range: bytes ${first}-${last}/${size}\r\n\r\n`
    const at = body.indexOf(head)
    assert.ok(at > 0, `several ranges: the part ${first}-${last}`)
    const from = at + head.length
    sameBytes(
      body.subarray(from, from + last - first + 1),
      content.subarray(first, last + 1),
      'several ranges',
    )
  }
}
