import type { FastifyReply } from 'fastify'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { CONTENTS, contentOf, type Hook, serveBehind, type Way } from './support/hooked.ts'
import { askHttp2, askTwo } from './support/two-requests-client.ts'

type Length = number | string | readonly (number | string)[]

/** Lengths that are announced instead of the true one. */
const LENGTHS: Readonly<Record<string, (length: number) => Length>> = {
  'one byte fewer': (length) => length - 1,
  half: (length) => length >> 1,
  none: () => 0,
  'one byte more': (length) => length + 1,
  twice: (length) => length * 2,
  'a word': () => 'abc',
  'a number below 0': () => -1,
  'a number with a sign': (length) => `+${length}`,
  'a number in base 16': (length) => `0x${length.toString(16)}`,
  nothing: () => '',
  'more than any number': () => '9'.repeat(30),
  'two values': (length) => [length, length + 1],
  'one value twice': (length) => [length, length],
  'a list in one value': (length) => `${length}, ${length}`,
}

type Raw = { writeHead: (...given: unknown[]) => unknown; setHeader: (name: string, value: unknown) => void }

const lengthOf = (reply: FastifyReply): number => Number(reply.getHeader('content-length'))

/** Wraps `writeHead`, below our guard (`onRequest`) or above it (`onSend`), and passes a length on in one of its forms. */
function wrapWriteHead(reply: FastifyReply, form: (length: number) => readonly unknown[]): void {
  const raw = reply.raw as unknown as Raw
  const { writeHead } = raw
  raw.writeHead = (status, ...rest) => {
    const given = rest.at(-1)
    if (typeof given === 'object' && given !== null)
      for (const [name, value] of Object.entries(given)) raw.setHeader(name, value)
    return writeHead.call(raw, status, ...form(lengthOf(reply)))
  }
}

/** Ways in which code of the application sets a length. */
const WAYS: Readonly<Record<string, (change: (length: number) => Length) => Way>> = {
  'reply.header': (change) => ({
    onSend(reply, payload) {
      reply.header('content-length', change(lengthOf(reply)))
      return payload
    },
  }),
  'raw.setHeader in writeHead': (change) => ({
    onSend(reply, payload) {
      const raw = reply.raw as unknown as Raw
      const { writeHead } = raw
      const length = lengthOf(reply)
      raw.writeHead = (...given) => {
        raw.setHeader('Content-Length', change(length))
        return writeHead.apply(raw, given)
      }
      return payload
    },
  }),
  'an object above': (change) => ({
    onSend(reply, payload) {
      wrapWriteHead(reply, (length) => [{ 'Content-Length': change(length) }])
      return payload
    },
  }),
  'an object below': (change) => ({
    onRequest: (reply) => wrapWriteHead(reply, (length) => [{ 'Content-Length': change(length) }]),
  }),
  'a flat list below': (change) => ({
    onRequest: (reply) => wrapWriteHead(reply, (length) => ['Fine', ['Content-Length', change(length)]]),
  }),
}

const FILES = [...Object.keys(CONTENTS), 'streamed']
const RANGES = [undefined, 'bytes=0-', 'bytes=0-599', 'bytes=0-99,400-499']

for (const [way, wayOf] of Object.entries(WAYS)) {
  for (const [name, change] of Object.entries(LENGTHS)) {
    t.test(
      `HTTP/1.1: an answer with a changed Content-Length is right, or cut before its first byte (${name} by ${way})`,
      async (t) => {
        const { port } = await serveBehind(t, wayOf(change))
        for (const file of FILES) {
          for (const range of file === 'empty' ? [undefined] : RANGES) {
            const seen = await askTwo(port, {
              path: `/f/${file}`,
              fields: range === undefined ? {} : { range },
            })
            const label = `${file} ${range}`
            if (seen.status === undefined) {
              t.equal(seen.next, 'nothing', label)
              continue
            }
            // Fastify itself corrects the length if it has the whole body.
            t.ok(seen.isWhole, `${label}: cut before a byte, or right`)
            t.equal(seen.next, 'still here', label)
            if (seen.status === 200) sameBytes(t, seen.body, contentOf(file), label)
            t.equal(seen.fields['content-length']?.length, 1, label)
          }
        }
      },
    )
  }
}

t.test('HTTP/1.1: a HEAD answer whose Content-Length is not one number is cut', async (t) => {
  for (const name of ['a word', 'a number below 0', 'two values', 'one value twice']) {
    const { port } = await serveBehind(t, {
      onRequest: (reply) => wrapWriteHead(reply, (length) => [{ 'Content-Length': LENGTHS[name]?.(length) }]),
    })
    const seen = await askTwo(port, { method: 'HEAD', path: '/f/large' })
    t.equal(seen.status, undefined, name)
  }
})

t.test(
  'HTTP/1.1: an answer with Transfer-Encoding and Content-Length, or with a coding other than chunked, is cut',
  async (t) => {
    for (const fields of [
      { 'Transfer-Encoding': 'chunked', 'Content-Length': '5' },
      { 'Transfer-Encoding': 'gzip, chunked' },
      { 'Transfer-Encoding': ['chunked', 'chunked'] },
    ]) {
      const { port } = await serveBehind(t, { onRequest: (reply) => wrapWriteHead(reply, () => [fields]) })
      for (const file of FILES) {
        const seen = await askTwo(port, { path: `/f/${file}` })
        t.equal(seen.status, undefined, `${file} ${JSON.stringify(fields)}`)
        t.equal(seen.next, 'nothing')
      }
    }
  },
)

t.test('HTTP/2: an answer with a wrong Content-Length is never complete', async (t) => {
  for (const [name, change] of Object.entries(LENGTHS)) {
    const { port } = await serveBehind(t, WAYS['reply.header']?.(change) ?? {}, { http2: true })
    for (const file of FILES) {
      for (const range of file === 'empty' ? [undefined] : RANGES) {
        const seen = await askHttp2(port, {
          path: `/f/${file}`,
          fields: range === undefined ? {} : { range },
        })
        const label = `${name}, ${file} ${range}`
        if (seen.isWhole && seen.status === 200) sameBytes(t, seen.body, contentOf(file), label)
        if (!seen.isWhole) t.equal(seen.body.length, 0, `${label}: cut before a byte`)
      }
    }
  }
})

t.test('HTTP/1.1: an answer into which a hook has written before our body is cut', async (t) => {
  const onSend: Hook = (reply, payload) => {
    reply.raw.write('mine')
    return payload
  }
  const { port } = await serveBehind(t, { onSend })
  for (const file of ['large', 'streamed']) {
    const seen = await askTwo(port, { path: `/f/${file}`, fields: { range: 'bytes=0-' } })
    t.not(seen.isWhole, true, file)
    t.equal(seen.next, 'nothing')
  }
})

t.test('an answer that is cut for its length is logged with the field', async (t) => {
  const way = WAYS['reply.header']?.((length) => length - 1) ?? {}
  const { port, log } = await serveBehind(t, way)
  await askTwo(port, { path: '/f/large' })
  t.match(
    log.filter(({ level }) => level === 50),
    [{ sendRange: { outcome: 'cut', field: 'content-length' }, msg: /it was cut$/ }],
  )
})
