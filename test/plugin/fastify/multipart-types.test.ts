import { bufferSource, type SendRangeOptions } from 'fastify-send-range'
import t from 'tap'
import { serveFiles } from '../support/file-server.ts'
import { field } from '../support/raw-http.ts'

const TEXT = 'a text that is longer than two parts with their heads would be. '.repeat(20)

const MULTIPART = [
  'multipart/byteranges',
  'Multipart/ByteRanges; boundary=x',
  'multipart/byteranges ;boundary="x"',
]
const OTHERS = ['multipart/mixed; boundary=x', 'multipart/byteranges-x', 'text/byteranges']

/** Where a type comes from. */
const PLACES: Readonly<Record<string, (type: string) => SendRangeOptions>> = {
  option: (contentType) => ({ contentType }),
  function: (type) => ({ contentType: () => type }),
  source: (contentType) => ({ source: bufferSource(Buffer.from(TEXT), { contentType }) }),
  reply: () => ({}),
}

for (const [place, optionsWith] of Object.entries(PLACES)) {
  t.test(
    `RFC 9110 §15.3.7.2 a multipart/byteranges representation is served without ranges (by ${place})`,
    async (t) => {
      let type = ''
      const { ask } = await serveFiles(t, {
        files: { 'f.txt': TEXT },
        routes: (app) =>
          app.get('/f', (_request, reply) => {
            if (place === 'reply') reply.type(type)
            return reply.sendRange('f.txt', optionsWith(type))
          }),
      })
      const ranges = ['bytes=0-3', 'bytes=0-3,500-503', 'bytes=99999-', undefined]
      for (type of MULTIPART) {
        for (const method of ['GET', 'HEAD']) {
          for (const range of ranges) {
            const response = await ask({
              method,
              target: '/f',
              fields: range === undefined ? [] : [['Range', range]],
            })
            const names = ['content-type', 'accept-ranges', 'content-range']
            t.same(
              [response.status, ...names.map((name) => field(response, name))],
              [200, type, 'none', undefined],
            )
            t.equal(response.body.toString(), method === 'HEAD' ? '' : TEXT)
          }
        }
      }
      for (type of OTHERS) {
        const response = await ask({ target: '/f', fields: [['Range', 'bytes=0-3']] })
        t.same([response.status, field(response, 'content-type')], [206, type])
      }
    },
  )
}

t.test('a contentType function is called once, and its type is sent', async (t) => {
  const types = ['text/plain', 'multipart/byteranges; boundary=x']
  const { ask } = await serveFiles(t, {
    files: { 'f.txt': TEXT },
    plugin: { contentType: () => types.shift() },
  })
  const response = await ask({ target: '/files/f.txt', fields: [['Range', 'bytes=0-3']] })
  t.same([response.status, field(response, 'content-type')], [206, 'text/plain'])
})
