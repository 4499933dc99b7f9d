import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileSource, firstOf, type RangePluginOptions } from 'fastify-send-range'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { serve } from '../support/serve.ts'
import { type Answer, type Ask, TRANSPORTS } from '../support/transports.ts'
import { FORMS, type Form, makeFolder, NAMES } from './support/compressed-forms.ts'

const ALL: readonly Form[] = ['identity', 'gzip', 'br', 'zstd']
const CODINGS = ALL.filter((form) => form !== 'identity')

/** Sends a request for `app.js`. */
type Send = (ask?: Omit<Ask, 'path'>) => Promise<Answer>

interface Case {
  readonly form: Form
  /** The Accept-Encoding that asks for the form alone. */
  readonly accept: string
  readonly send: Send
  readonly root: string
  /** The tags of all forms. */
  readonly tags: Readonly<Record<Form, string>>
}

/** Whether a head is that of a form. */
function isHeadOf(t: Test, { headers }: Answer, form: Form): void {
  t.equal(headers['content-encoding'], form === 'identity' ? undefined : form, 'Content-Encoding')
  t.equal(headers['content-type'], 'text/javascript; charset=utf-8', 'the type of the file itself')
  t.equal(headers['vary'], 'Accept-Encoding', 'Vary')
  t.equal(headers['accept-ranges'], 'bytes', 'Accept-Ranges')
}

function isWhole(t: Test, answer: Answer, { form, tags }: Pick<Case, 'form' | 'tags'>): void {
  t.equal(answer.status, 200)
  isHeadOf(t, answer, form)
  t.equal(answer.headers['etag'], tags[form])
  t.equal(answer.headers['content-length'], String(FORMS[form].length))
  sameBytes(t, answer.body, FORMS[form])
}

function isPart(t: Test, answer: Answer, { form, tags }: Pick<Case, 'form' | 'tags'>): void {
  t.equal(answer.status, 206)
  isHeadOf(t, answer, form)
  t.equal(answer.headers['etag'], tags[form])
  t.equal(answer.headers['content-range'], `bytes 5-14/${FORMS[form].length}`)
  sameBytes(t, answer.body, FORMS[form].subarray(5, 15))
}

const RANGE = { range: 'bytes=5-14' }

const REQUESTS: Readonly<Record<string, (t: Test, asked: Case) => Promise<void>>> = {
  GET: async (t, { send, accept, ...asked }) => {
    isWhole(t, await send({ headers: { 'accept-encoding': accept } }), asked)
  },
  HEAD: async (t, { send, accept, form, tags }) => {
    const answer = await send({ method: 'HEAD', headers: { 'accept-encoding': accept, ...RANGE } })
    t.equal(answer.status, 200)
    isHeadOf(t, answer, form)
    t.equal(answer.headers['etag'], tags[form])
    t.equal(answer.headers['content-length'], String(FORMS[form].length))
    t.equal(answer.body.length, 0)
  },
  'If-None-Match with its tag': async (t, { send, accept, form, tags }) => {
    const headers = { 'accept-encoding': accept, 'if-none-match': tags[form] }
    for (const method of ['GET', 'HEAD']) {
      const answer = await send({ method, headers })
      t.equal(answer.status, 304)
      t.equal(answer.headers['etag'], tags[form])
      t.equal(answer.headers['vary'], 'Accept-Encoding')
      t.equal(answer.headers['content-encoding'], undefined)
    }
  },
  'If-None-Match with the tag of another form': async (t, { send, accept, ...asked }) => {
    const others = ALL.filter((form) => form !== asked.form).map((form) => asked.tags[form])
    const headers = { 'accept-encoding': accept, 'if-none-match': others.join(', ') }
    isWhole(t, await send({ headers }), asked)
  },
  Range: async (t, { send, accept, ...asked }) => {
    isPart(t, await send({ headers: { 'accept-encoding': accept, ...RANGE } }), asked)
  },
  'several ranges': async (t, { send, accept, form, tags }) => {
    const headers = { 'accept-encoding': accept, range: 'bytes=0-1,100-101' }
    const answer = await send({ headers })
    t.equal(answer.status, 206)
    t.equal(answer.headers['etag'], tags[form])
    t.equal(answer.headers['vary'], 'Accept-Encoding')
    t.equal(answer.headers['content-encoding'], form === 'identity' ? undefined : form)
    const part = `Content-Type: text/javascript; charset=utf-8\r\nContent-Range: bytes 100-101/${FORMS[form].length}\r\n\r\n`
    const at = answer.body.indexOf(part)
    t.not(at, -1, 'the second part')
    sameBytes(t, answer.body.subarray(at + part.length, at + part.length + 2), FORMS[form].subarray(100, 102))
  },
  'If-Range with its tag': async (t, { send, accept, form, tags }) => {
    const headers = { ...RANGE, 'if-range': tags[form] }
    isPart(t, await send({ headers: { ...headers, 'accept-encoding': accept } }), { form, tags })
    isPart(t, await send({ headers: { ...headers, 'accept-encoding': '*' } }), { form, tags })
    isPart(t, await send({ headers }), { form, tags })
  },
  'If-Range with the tag of a form that is not acceptable': async (t, { send, accept, ...asked }) => {
    for (const other of ALL.filter((form) => form !== asked.form)) {
      const headers = { ...RANGE, 'if-range': asked.tags[other] }
      const only = `${accept}, identity;q=${asked.form === 'identity' ? 1 : 0}`
      isWhole(t, await send({ headers: { ...headers, 'accept-encoding': only } }), asked)
    }
  },
  'If-Range with the date': async (t, { send, accept, ...asked }) => {
    const date = String((await send()).headers['last-modified'])
    isWhole(t, await send({ headers: { ...RANGE, 'if-range': date, 'accept-encoding': accept } }), asked)
  },
  'If-Match with its tag': async (t, { send, form, tags }) => {
    isPart(t, await send({ headers: { ...RANGE, 'if-match': `"x", ${tags[form]}` } }), { form, tags })
  },
  'If-Match with another tag': async (t, { send, accept }) => {
    const answer = await send({ headers: { 'accept-encoding': accept, 'if-match': '"x"' } })
    t.equal(answer.status, 412)
  },
  'a range after its end': async (t, { send, accept, form }) => {
    const { length } = FORMS[form]
    const answer = await send({ headers: { 'accept-encoding': accept, range: `bytes=${length}-` } })
    t.equal(answer.status, 416)
    t.equal(answer.headers['content-range'], `bytes */${length}`)
    t.equal(answer.headers['content-encoding'], undefined)
  },
  'q=0': async (t, { send, form, tags }) => {
    const accepted = form === 'identity' ? 'identity' : `${form}, identity;q=0`
    const others = CODINGS.filter((each) => each !== form).map((each) => `${each};q=0`)
    const headers = { 'accept-encoding': [...others, accepted].join(', ') }
    isWhole(t, await send({ headers }), { form, tags })
  },
  'a wildcard': async (t, { send, form, tags }) => {
    const refused = ALL.filter((each) => each !== form).map((each) => `${each};q=0`)
    isWhole(t, await send({ headers: { 'accept-encoding': `*, ${refused.join(', ')}` } }), { form, tags })
    isWhole(t, await send({ headers: { 'accept-encoding': `${form}, *;q=0` } }), { form, tags })
  },
  'a higher weight': async (t, { send, form, tags }) => {
    const members = ALL.map((each) => `${each};q=${each === form ? '0.9' : '0.8'}`)
    isWhole(t, await send({ headers: { 'accept-encoding': members.join(', ') } }), { form, tags })
  },
}

const WAYS: Readonly<Record<string, (root: string) => RangePluginOptions>> = {
  'by root': (root) => ({ root, precompressed: true }),
  'by fileSource': (root) => ({ source: fileSource({ root, precompressed: true }) }),
  'by firstOf': (root) => ({
    source: firstOf({ open: () => undefined }, fileSource({ root, precompressed: true })),
  }),
}

async function tagsOf(send: Send): Promise<Record<Form, string>> {
  const entries = ALL.map(async (form) => {
    const { etag } = (await send({ method: 'HEAD', headers: { 'accept-encoding': form } })).headers
    return [form, String(etag)] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as Record<Form, string>
}

for (const transport of TRANSPORTS.filter(({ name }) => ['HTTP/1.1', 'HTTP/2'].includes(name))) {
  for (const [way, optionsOf] of Object.entries(WAYS)) {
    t.test(`precompressed, ${way}, over ${transport.name}`, async (t) => {
      const root = makeFolder(t, ALL)
      const { port, errors } = await serve(t, { plugin: optionsOf(root), server: transport.server })
      const send: Send = (ask) => transport.ask(port, { ...ask, path: '/app.js' })
      const tags = await tagsOf(send)
      t.equal(new Set(Object.values(tags)).size, ALL.length, 'each form has a tag of its own')
      for (const tag of Object.values(tags)) t.match(tag, /^"/, 'strong')
      for (const form of ALL) {
        for (const [request, check] of Object.entries(REQUESTS)) {
          await t.test(`${form}: ${request}`, (t) => check(t, { form, accept: form, send, root, tags }))
        }
      }
      t.strictSame(errors(), [])
    })
  }
}

t.test('a form that is missing is not sent, and one that is older than the file is not either', async (t) => {
  for (const coding of CODINGS) {
    for (const state of ['missing', 'older'] as const) {
      const others = ALL.filter((form) => form !== coding)
      const root = makeFolder(t, state === 'missing' ? others : ALL)
      if (state === 'older') utimesSync(join(root, NAMES[coding]), 0, 1_577_836_799.999)
      const { app } = await serve(t, { plugin: { root, precompressed: true } })
      for (const [accepted, expected] of [
        [coding, undefined],
        [`${coding}, identity;q=0`, undefined],
        [`${coding}, identity;q=0, *;q=0.1`, coding === 'zstd' ? 'br' : 'zstd'],
      ] as const) {
        const { headers } = await app.inject({ url: '/app.js', headers: { 'accept-encoding': accepted } })
        t.equal(headers['content-encoding'], expected, `${coding} is ${state}, ${accepted}`)
        t.equal(headers['vary'], 'Accept-Encoding', 'other forms are there')
      }
    }
  }
})

t.test('a form of the same time as the file is not older', async (t) => {
  const root = makeFolder(t, ['identity', 'gzip'])
  const time = 1_577_836_800.123456
  for (const name of [NAMES.identity, NAMES.gzip]) utimesSync(join(root, name), time, time)
  const { app } = await serve(t, { plugin: { root, precompressed: true } })
  const { headers } = await app.inject({ url: '/app.js', headers: { 'accept-encoding': 'gzip' } })
  t.equal(headers['content-encoding'], 'gzip')
})

t.test('equal weights: in the order of the option, and only the codings that it names', async (t) => {
  const root = makeFolder(t, ALL)
  for (const [precompressed, accepted, expected] of [
    [true, 'gzip, br, zstd', 'zstd'],
    [['zstd', 'br', 'gzip'], 'gzip, br, zstd', 'zstd'],
    [['gzip', 'br'], 'gzip, br, zstd', 'gzip'],
    [['br'], 'gzip, br, zstd', 'br'],
    [['br'], 'gzip, zstd', undefined],
    [[], 'gzip, br, zstd', undefined],
    [false, 'gzip, br, zstd', undefined],
  ] as const) {
    const { app } = await serve(t, { plugin: { root, precompressed } })
    const { headers } = await app.inject({ url: '/app.js', headers: { 'accept-encoding': accepted } })
    t.equal(headers['content-encoding'], expected, `${JSON.stringify(precompressed)}: ${accepted}`)
    const isNegotiated = precompressed === true || (precompressed !== false && precompressed.length > 0)
    t.equal(headers['vary'], isNegotiated ? 'Accept-Encoding' : undefined)
  }
})

t.test('without Accept-Encoding the file itself is sent', async (t) => {
  const root = makeFolder(t, ALL)
  const { app } = await serve(t, { plugin: { root, precompressed: true } })
  const answer = await app.inject('/app.js')
  t.equal(answer.headers['content-encoding'], undefined)
  t.equal(answer.headers['vary'], 'Accept-Encoding')
  sameBytes(t, answer.rawPayload, FORMS.identity)
})

t.test('a file without compressed forms is sent as if the option were off', async (t) => {
  const root = makeFolder(t, ['identity'])
  const heads = []
  for (const precompressed of [true, false]) {
    const { app } = await serve(t, { plugin: { root, precompressed } })
    for (const accepted of ['gzip', 'identity;q=0', '*;q=0']) {
      const answer = await app.inject({ url: '/app.js', headers: { 'accept-encoding': accepted } })
      const { date: _date, ...fields } = answer.headers
      heads.push({ status: answer.statusCode, ...fields })
    }
  }
  for (const head of heads) t.strictSame(head, heads[0])
  t.equal(heads[0]?.['vary'], undefined)
})
