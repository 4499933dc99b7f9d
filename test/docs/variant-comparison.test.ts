import { readFileSync, rmSync } from 'node:fs'
import { connect as connectSession } from 'node:http2'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import {
  FORMS,
  type Form,
  MODIFIED,
  makeFolder,
  NAMES,
  writeForm,
} from '../plugin/files/support/compressed-forms.ts'
import { REPOSITORY } from '../support/repository.ts'
import { ask, type Where } from './support/ask.ts'
import { plain, readDocument, tableUnder } from './support/markdown.ts'
import { missing } from './support/programs.ts'
import { assertShape } from './support/table-shape.ts'
import { type BothVersions, VARIANT_CONTENDERS } from './support/variant-contenders.ts'

const ALL: readonly Form[] = ['identity', 'gzip', 'br', 'zstd']
const LATER = new Date(MODIFIED.getTime() + 60_000)

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

type Send = (headers: Record<string, string>, method?: string) => Promise<Answer>

interface Case {
  readonly form: Form
  /** Asks for `app.js`. */
  readonly send: Send
  readonly where: BothVersions
  readonly root: string
}

const asked = (form: Form, others: Record<string, string> = {}): Record<string, string> => ({
  'accept-encoding': form,
  ...others,
})

/** Whether the head is that of a form: its coding, the type of the file itself, and that there was a choice. */
function isHeadOf({ headers }: Answer, form: Form): boolean {
  return (
    headers['content-encoding'] === (form === 'identity' ? undefined : form) &&
    /javascript/.test(String(headers['content-type'])) &&
    isChoice(headers)
  )
}

function isChoice(headers: Answer['headers']): boolean {
  return /\baccept-encoding\b/i.test(String(headers['vary']))
}

function isWhole(answer: Answer, form: Form): boolean {
  return answer.status === 200 && isHeadOf(answer, form) && answer.body.equals(FORMS[form])
}

/** A server that knows no other form has no Vary then. */
function isFileItself({ status, headers, body }: Answer): boolean {
  return status === 200 && headers['content-encoding'] === undefined && body.equals(FORMS.identity)
}

function isPart(answer: Answer, form: Form): boolean {
  const { status, headers, body } = answer
  const isRange = headers['content-range'] === `bytes 5-14/${FORMS[form].length}`
  return status === 206 && isHeadOf(answer, form) && isRange && body.equals(FORMS[form].subarray(5, 15))
}

async function tagOf(send: Send, form: Form): Promise<string> {
  return String((await send(asked(form))).headers['etag'])
}

const RANGE = { range: 'bytes=5-14' }

/** The requests by their row of the README's table. Each is sent for every form, and says whether the answer is right. */
const REQUESTS: Readonly<Record<string, (each: Case) => Promise<boolean>>> = {
  GET: async ({ form, send }) => isWhole(await send(asked(form)), form),
  HEAD: async ({ form, send }) => {
    const answer = await send(asked(form), 'HEAD')
    const isLength = answer.headers['content-length'] === String(FORMS[form].length)
    return answer.status === 200 && isHeadOf(answer, form) && isLength
  },
  '304, with its tag': async ({ form, send }) => {
    const etag = await tagOf(send, form)
    const answer = await send(asked(form, { 'if-none-match': etag }))
    const isOwn = isWhole(await send(asked(form)), form)
    return answer.status === 304 && answer.headers['etag'] === etag && isChoice(answer.headers) && isOwn
  },
  'a range of its bytes': async ({ form, send }) => isPart(await send(asked(form, RANGE)), form),
  'If-Range with its strong tag': async ({ form, send }) => {
    const tag = await tagOf(send, form)
    return tag.startsWith('"') && isPart(await send(asked(form, { ...RANGE, 'if-range': tag })), form)
  },
  'If-Range with the tag of another form: whole': async ({ form, send }) => {
    for (const other of ALL.filter((each) => each !== form)) {
      // A server that does not have the other form has no tag of it.
      if (!isWhole(await send(asked(other)), other)) continue
      const headers = { ...RANGE, 'accept-encoding': `${form}, ${other};q=0` }
      const answer = await send({ ...headers, 'if-range': await tagOf(send, other) })
      if (!isWhole(answer, form)) return false
    }
    return true
  },
  'refused by q=0': async ({ form, send }) => {
    const accepted = form === 'identity' ? 'identity;q=0, gzip, br, zstd' : `${form};q=0`
    const answer = await send({ 'accept-encoding': accepted })
    return ALL.some((other) => other !== form && isWhole(answer, other))
  },
  'preferred by q, or by *': async ({ form, send }) => {
    const weighed = ALL.map((each) => `${each};q=${each === form ? '0.9' : '0.8'}`).join(', ')
    const left = ALL.filter((each) => each !== form).map((each) => `${each};q=0`)
    const answers = [weighed, ['*', ...left].join(', ')].map((accepted) =>
      send({ 'accept-encoding': accepted }),
    )
    return (await Promise.all(answers)).every((answer) => isWhole(answer, form))
  },
  'its file is missing': async ({ form, send, root }) => {
    rmSync(`${root}/${NAMES[form]}`)
    const answer = await send(asked(form))
    writeForm(root, form)
    return form === 'identity' ? answer.status === 404 : isFileItself(answer)
  },
  'its file is older': async ({ form, send, root }) => {
    writeForm(root, 'identity', LATER)
    for (const other of ALL.filter((each) => each !== 'identity' && each !== form))
      writeForm(root, other, LATER)
    const answer = await send(asked(form))
    for (const each of ALL) writeForm(root, each)
    return isFileItself(answer)
  },
  'HTTP/2': async ({ form, where }) => isWhole(await askHttp2(where.http2, asked(form)), form),
}

async function askHttp1(where: Where, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const answer = await ask(where, { url: '/app.js', method, headers })
  return { ...answer, body: Buffer.from(answer.body, 'latin1') }
}

async function askHttp2(where: Where, headers: Record<string, string>): Promise<Answer> {
  const session =
    typeof where === 'string'
      ? connectSession(where)
      : connectSession('http://localhost', { createConnection: () => connect(where.socketPath) })
  try {
    const stream = session.request({ ':path': '/app.js', ...headers })
    let head: Readonly<Record<string, unknown>> = {}
    stream.once('response', (received) => {
      head = received
    })
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk as Buffer)
    return { status: Number(head[':status']), headers: head, body: Buffer.concat(chunks) }
  } finally {
    session.destroy()
  }
}

/** For which forms the answer is right, in the words of the table. */
async function measured(request: string, each: Omit<Case, 'form'>): Promise<string> {
  const right: Form[] = []
  for (const form of ALL) if (await REQUESTS[request]?.({ ...each, form })) right.push(form)
  if (right.length === ALL.length) return 'all'
  return right.length === 0 ? 'none' : right.join(', ')
}

const rows = tableUnder(readDocument('plugin/README.md'), 'Compressed files beside the file')
const missingPrograms: Readonly<Record<string, string | false>> = {
  nginx: await missing('nginx', '-v'),
  Caddy: await missing('caddy', 'version'),
}

t.test('the table has a row for each request, and a column for each server', async (t) => {
  assertShape(t, rows, { rows: Object.keys(REQUESTS), columns: Object.keys(VARIANT_CONTENDERS) })
})

t.test('the versions in the table are the installed ones', async (t) => {
  for (const column of ['@fastify/static 10.1', 'sirv 3.0']) {
    const [name, version] = column.split(' ')
    const manifest = JSON.parse(readFileSync(`${REPOSITORY}node_modules/${name}/package.json`, 'utf8'))
    t.ok(manifest.version.startsWith(`${version}.`), `${column}: ${manifest.version}`)
  }
})

for (const [name, start] of Object.entries(VARIANT_CONTENDERS)) {
  const skip = missingPrograms[name] ?? false
  t.test(`${name} does what its column of the table says`, { skip }, async (t) => {
    await column(t, name, start)
  })
}

async function column(
  t: Test,
  name: string,
  start: (t: Test, root: string) => Promise<BothVersions>,
): Promise<void> {
  const root = makeFolder(t, ALL)
  const where = await start(t, root)
  const send: Send = (headers, method) => askHttp1(where.http1, headers, method)
  for (const request of Object.keys(REQUESTS)) {
    const row = rows.find((each) => plain(each['']) === request) ?? {}
    const cell = Object.entries(row).find(([column]) => plain(column) === name)?.[1]
    t.equal(await measured(request, { send, where, root }), cell, request)
  }
}
