import { renameSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Answer, RawClient } from '../support/raw-client.ts'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

const A = 0x41
const B = 0x42

/** Which version a body is of; `mixed` when of both. */
function versionIn(body: Buffer): 'A' | 'B' | 'mixed' {
  if (body.every((byte) => byte === A)) return 'A'
  return body.every((byte) => byte === B) ? 'B' : 'mixed'
}

interface Load {
  readonly port: number
  readonly clients: number
  readonly requests: number
  /** Range fields, used in turn. */
  readonly ranges: readonly (string | undefined)[]
}

/** Sends requests again and again on some connections. An answer that was cut is requested again. */
async function load({ port, clients, requests, ranges }: Load): Promise<Answer[]> {
  const answers: Answer[] = []
  let turn = 0
  const one = async (): Promise<void> => {
    let client = await RawClient.connect(port)
    while (turn < requests) {
      const range = ranges[turn++ % ranges.length]
      const answer = await client.exchange('GET', '/f.bin', range === undefined ? [] : [`Range: ${range}`])
      answers.push(answer)
      if (answer.complete) continue
      client.destroy()
      client = await RawClient.connect(port)
    }
    client.destroy()
  }
  await Promise.all(Array.from({ length: clients }, one))
  return answers
}

/** Does something again and again until a promise settles. */
async function meanwhile<T>(
  promise: Promise<T>,
  act: (turn: number) => unknown,
  pauseMs: number,
): Promise<T> {
  let over = false
  const done = promise.finally(() => {
    over = true
  })
  for (let turn = 0; !over; turn++) {
    await act(turn)
    await sleep(pauseMs)
  }
  return done
}

/** Holds every complete answer against: one version, and one version for each strong tag. */
function checkAnswers(t: Test, answers: readonly Answer[], isWhole: (answer: Answer) => boolean): void {
  const byTag = new Map<string, Set<string>>()
  let mixed = 0
  for (const answer of answers.filter(({ complete, status }) => complete && status < 300)) {
    const version = versionIn(answer.body)
    if (version === 'mixed') mixed++
    const tag = answer.fields.get('etag') ?? ''
    if (!tag.startsWith('W/')) byTag.set(tag, (byTag.get(tag) ?? new Set()).add(version))
  }
  t.equal(mixed, 0, 'no answer mixes two versions')
  const ambiguous = [...byTag.values()].filter((versions) => versions.size > 1)
  t.equal(ambiguous.length, 0, `none of ${byTag.size} strong tags belongs to two versions`)
  const others = new Map<number, number>()
  for (const answer of answers.filter((answer) => answer.complete && !isWhole(answer))) {
    others.set(answer.status, (others.get(answer.status) ?? 0) + 1)
  }
  t.strictSame([...others], [], 'no other status, as [status, count]')
}

const SWAPS: readonly { name: string; sizes: readonly [number, number]; pauseMs: number }[] = [
  { name: 'of equal size', sizes: [300_000, 300_000], pauseMs: 0 },
  { name: 'of different size', sizes: [300_000, 200_000], pauseMs: 0 },
  { name: 'now and then', sizes: [300_000, 300_000], pauseMs: 40 },
]

for (const { name, sizes, pauseMs } of SWAPS) {
  t.test(`two versions that a rename swaps under load are never mixed (${name})`, async (t) => {
    const root = t.testdir({ 'f.bin': Buffer.alloc(sizes[0], A) })
    const { port, errors } = await serve(t, { plugin: { root } })
    const path = join(root, 'f.bin')
    const versions = [Buffer.alloc(sizes[1], B), Buffer.alloc(sizes[0], A)] as const
    const answers = await meanwhile(
      load({ port, clients: 8, requests: 120, ranges: [undefined, 'bytes=100-150000'] }),
      (turn) => {
        writeFileSync(`${path}.new`, versions[turn % 2] ?? '')
        renameSync(`${path}.new`, path)
      },
      pauseMs,
    )
    t.ok(
      answers.every(({ complete }) => complete),
      'a replaced file is served to its end',
    )
    checkAnswers(t, answers, ({ status, fields }) => {
      const size = Number(fields.get('content-range')?.split('/')[1] ?? fields.get('content-length'))
      return (status === 200 || status === 206) && sizes.includes(size)
    })
    for (const { body, fields } of answers.filter(({ status }) => status < 300)) {
      const size = Number(fields.get('content-range')?.split('/')[1] ?? fields.get('content-length'))
      if (sizes[0] !== sizes[1] && size !== sizes[versionIn(body) === 'A' ? 0 : 1])
        t.fail('a size of the other')
    }
    t.strictSame(errors(), [])
    await until(() => descriptorsBelow(root) === 0)
  })
}

t.test('a file that is replaced in each turn of the event loop is never missing', async (t) => {
  const root = t.testdir({ 'f.bin': Buffer.alloc(3000, A) })
  const { port } = await serve(t, { plugin: { root } })
  const path = join(root, 'f.bin')
  let turn = 0
  let isOver = false
  const replace = (): void => {
    if (isOver) return
    writeFileSync(`${path}.new`, Buffer.alloc(3000, turn++ % 2 === 0 ? B : A))
    renameSync(`${path}.new`, path)
    setImmediate(replace)
  }
  replace()
  const answers = await load({ port, clients: 8, requests: 40, ranges: [undefined] })
  isOver = true
  checkAnswers(t, answers, ({ status }) => [200, 500].includes(status))
  t.ok(
    answers.some(({ status }) => status === 200),
    'some get through',
  )
})

t.test('two versions that a symlink to their folder swaps under load are never mixed', async (t) => {
  const base = t.testdir({
    a: { 'f.bin': Buffer.alloc(100_000, A) },
    b: { 'f.bin': Buffer.alloc(100_000, B) },
  })
  const current = join(base, 'current')
  symlinkSync('a', current)
  for (const [what, root, target] of [
    ['the root itself', current, '/f.bin'],
    ['a folder in the root', base, '/current/f.bin'],
  ] as const) {
    const { port } = await serve(t, {
      plugin: { root },
      routes: (app) => app.get('/f.bin', (_request, reply) => reply.sendRange(target.slice(1))),
    })
    const answers = await meanwhile(
      load({ port, clients: 8, requests: 120, ranges: [undefined, 'bytes=100-150000'] }),
      (turn) => {
        symlinkSync(turn % 2 === 0 ? 'b' : 'a', `${current}.new`)
        renameSync(`${current}.new`, current)
      },
      0,
    )
    checkAnswers(t, answers, ({ status }) => status === 200 || status === 206)
    t.ok(answers.length >= 120, what)
  }
})

for (const size of [40_000, 1_000_000]) {
  t.test(`a file that is rewritten in place under load is never mixed (${size} bytes)`, async (t) => {
    const root = t.testdir({ 'f.bin': Buffer.alloc(size, A) })
    const { port } = await serve(t, { plugin: { root } })
    const file: FileHandle = await open(join(root, 'f.bin'), 'r+')
    const versions = [Buffer.alloc(size, B), Buffer.alloc(size, A)] as const
    const answers = await meanwhile(
      load({ port, clients: 8, requests: 120, ranges: [undefined, 'bytes=100-', 'bytes=0-9999'] }),
      // Synchronous: while a write runs no read is started, so a mixture is the work of the server alone.
      (turn) => writeSync(file.fd, versions[turn % 2] ?? versions[0], 0, size, 0),
      7,
    )
    await file.close()
    checkAnswers(t, answers, ({ status }) => [200, 206, 500].includes(status))
    t.ok(
      answers.some(({ status, complete }) => complete && status < 300),
      'some get through',
    )
  })
}
