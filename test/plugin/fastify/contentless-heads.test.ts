import { Readable } from 'node:stream'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { contentOf, type Payload, serveBehind } from './support/hooked.ts'
import { askTwo } from './support/two-requests-client.ts'
import {
  ask,
  DESCRIPTION,
  LENGTHS,
  PLACES,
  PROTOCOLS,
  type Rewrite,
  SERVERS,
  withStatus,
  wrap,
} from './support/written-heads.ts'

for (const protocol of PROTOCOLS) {
  const server = SERVERS[protocol]
  for (const [place, wayOf] of Object.entries(PLACES)) {
    t.test(
      `${protocol}: a 304 that becomes a status with content is never taken for a file (${place})`,
      async (t) => {
        for (const status of [200, 203, 206]) {
          const { port } = await serveBehind(t, wayOf(t, withStatus(status)), server)
          for (const method of ['GET', 'HEAD']) {
            const seen = await ask(protocol, port, {
              method,
              path: '/f/small',
              fields: { 'if-none-match': '*' },
            })
            t.equal(seen.status, undefined, `${status} ${method}: not a byte`)
            t.not(seen.isWhole, true)
          }
        }
      },
    )

    t.test(`${protocol}: an answer of another status has no field of the file (${place})`, async (t) => {
      for (const status of [201, 304, 404, 500]) {
        const { port } = await serveBehind(t, wayOf(t, withStatus(status)), server)
        for (const method of ['GET', 'HEAD']) {
          for (const file of ['empty', 'small', 'large', 'streamed']) {
            const seen = await ask(protocol, port, { method, path: `/f/${file}` })
            for (const name of seen.status === undefined ? [] : DESCRIPTION)
              t.equal(seen.fields[name], undefined, `${status} ${method} ${file}: ${name}`)
          }
        }
      }
    })

    for (const [form, rewrite] of Object.entries(LENGTHS)) {
      t.test(
        `${protocol}: a wrong Content-Length never goes out beside the strong tag, nor on a 304 (${form}, ${place})`,
        async (t) => {
          const { port } = await serveBehind(t, wayOf(t, rewrite), server)
          for (const file of ['empty', 'small', 'large', 'streamed']) {
            const head = await ask(protocol, port, { method: 'HEAD', path: `/f/${file}` })
            const isStrong = head.fields['etag']?.[0]?.startsWith('"') === true
            t.notOk(isStrong && head.fields['content-length']?.[0] === '7', `HEAD ${file}`)
          }
          const same = await ask(protocol, port, { path: '/f/small', fields: { 'if-none-match': '*' } })
          t.equal(same.fields['content-length'], undefined, '304')
        },
      )
    }
  }
}

t.test('an answer to HEAD is about the whole file, for any Range', async (t) => {
  const { port } = await serveBehind(t, {})
  for (const file of ['empty', 'small', 'large', 'streamed']) {
    const seen = await askTwo(port, { method: 'HEAD', path: `/f/${file}`, fields: { range: 'bytes=0-3' } })
    t.equal(seen.status, 200, file)
    t.strictSame(seen.fields['content-length'], [String(contentOf(file).length)])
    t.equal(seen.next, 'still here')
  }
})

for (const protocol of PROTOCOLS)
  t.test(`${protocol}: a 200 with the strong tag and no length has the length of the file`, async (t) => {
    const withoutLength: Rewrite = (raw, writeHead, [status, ...rest]) => {
      Reflect.deleteProperty(Object(rest.at(-1)), 'content-length')
      raw.removeHeader('content-length')
      return writeHead.call(raw, status, ...rest)
    }
    const PAYLOADS: Readonly<Record<string, ((payload: Payload) => unknown) | undefined>> = {
      'its own': (payload) => payload,
      'a shorter one': () => Readable.from([Buffer.from('hello')]),
      none: () => Readable.from([]),
    }
    for (const [name, payloadOf] of Object.entries(PAYLOADS)) {
      const { port } = await serveBehind(
        t,
        {
          onRequest: ({ raw }) => wrap(raw, withoutLength),
          onSend: (_reply, payload) => payloadOf?.(payload),
        },
        SERVERS[protocol],
      )
      for (const file of ['small', 'large', 'streamed']) {
        const seen = await ask(protocol, port, { path: `/f/${file}` })
        t.equal(seen.isWhole, name === 'its own', `${name}, ${file}`)
        if (seen.isWhole) sameBytes(t, seen.body, contentOf(file))
      }
    }
  })
