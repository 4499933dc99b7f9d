import type { FastifyReply } from 'fastify'
import t from 'tap'
import { descriptorsBelow, serve, until } from '../support/serve.ts'

type Method = (...given: unknown[]) => unknown

/** The methods that an answer calls before its head is written, of the reply and of its response. */
const METHODS = {
  reply: [
    'header',
    'getHeader',
    'getHeaders',
    'hasHeader',
    'removeHeader',
    'code',
    'send',
    'callNotFound',
    'redirect',
  ],
  raw: ['setHeader', 'getHeaders', 'hasHeader', 'removeHeader', 'once'],
} as const
/** No answer calls one of them more often before it has failed. */
const MOST_CALLS = 12

/** Has the nth call of a method throw. Returns whether it was made. */
function failAt(target: object, name: string, call: number): () => boolean {
  const original = Reflect.get(target, name) as Method
  let calls = 0
  const wrapper: Method = function (this: unknown, ...given) {
    calls++
    if (calls === call) throw new Error('the wrapper failed')
    return Reflect.apply(original, this, given)
  }
  Reflect.defineProperty(target, name, { value: wrapper, configurable: true, writable: true })
  return () => calls >= call
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number | 'cut'> {
  try {
    const answer = await fetch(url, { headers, redirect: 'manual' })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 'cut'
  }
}

const REQUESTS: readonly { url: string; headers?: Record<string, string> }[] = [
  { url: '/f' },
  { url: '/f', headers: { range: 'bytes=0-3' } },
  { url: '/f', headers: { range: 'bytes=999999-' } },
  { url: '/empty' },
  { url: '/none' },
  { url: '/folder' },
]

for (const [level, names] of Object.entries(METHODS)) {
  for (const name of names) {
    t.test(
      `a wrapper of ${level}.${name} that throws leaves no file open and no client waiting`,
      async (t) => {
        const root = t.testdir({ f: 'content'.repeat(20_000), empty: '', folder: { index: '' } })
        let call = 0
        let isMade = (): boolean => false
        const { port } = await serve(t, {
          plugin: { root, maxOpenFiles: 0, index: 'index' },
          routes: (app) => {
            app.get('/*', (request, reply: FastifyReply) => {
              isMade = failAt(level === 'raw' ? reply.raw : reply, name, call)
              return reply.sendRange((request.params as { '*': string })['*'])
            })
          },
        })
        for (const request of REQUESTS) {
          for (call = 1; call <= MOST_CALLS; call++) {
            const status = await statusOf(`http://localhost:${port}${request.url}`, request.headers)
            const answers = isMade() ? ['cut', 200, 206, 302, 404, 416, 500] : [200, 206, 302, 404, 416]
            t.ok(answers.includes(status), `${JSON.stringify(request)}, call ${call}: ${status}`)
            if (!isMade()) break
          }
        }
        await until(() => descriptorsBelow(root) === 0)
      },
    )
  }
}
