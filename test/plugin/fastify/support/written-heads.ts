import { ServerResponse } from 'node:http'
import { Http2ServerResponse } from 'node:http2'
import type { Test } from 'tap'
import type { Way } from './hooked.ts'
import { type Asked, askHttp2, askTwo, type Seen, type SeenTwo } from './two-requests-client.ts'

type WriteHead = (...given: unknown[]) => unknown
type Raw = {
  writeHead: WriteHead
  setHeader: (name: string, value: unknown) => void
  removeHeader: (name: string) => void
}
/** Writes a head instead of the given one. */
export type Rewrite = (raw: Raw, writeHead: WriteHead, given: readonly unknown[]) => unknown

export const SERVERS = { 'HTTP/1.1': {}, 'HTTP/2': { http2: true } } as const
export type Protocol = keyof typeof SERVERS
export const PROTOCOLS = Object.keys(SERVERS) as readonly Protocol[]

export function ask(protocol: Protocol, port: number, asked: Asked): Promise<Seen & Partial<SeenTwo>> {
  return protocol === 'HTTP/2' ? askHttp2(port, asked) : askTwo(port, asked)
}

export function wrap(raw: object, rewrite: Rewrite): void {
  const response = raw as Raw
  const { writeHead } = response
  response.writeHead = (...given) => rewrite(response, writeHead, given)
}

function wrapPrototypes(t: Test, rewrite: Rewrite): void {
  for (const { prototype } of [ServerResponse, Http2ServerResponse]) {
    const response = prototype as unknown as Raw
    const { writeHead } = response
    response.writeHead = function (...given) {
      return rewrite(this, writeHead, given)
    }
    t.teardown(() => {
      response.writeHead = writeHead
    })
  }
}

/** Where `writeHead` is wrapped: below our guard, above it, or on the prototype. */
export const PLACES: Readonly<Record<string, (t: Test, rewrite: Rewrite) => Way>> = {
  onRequest: (_t, rewrite) => ({ onRequest: ({ raw }) => wrap(raw, rewrite) }),
  onSend: (_t, rewrite) => ({
    onSend({ raw }, payload) {
      wrap(raw, rewrite)
      return payload
    },
  }),
  prototype: (t, rewrite) => {
    wrapPrototypes(t, rewrite)
    return {}
  },
}

export const withStatus =
  (status: number): Rewrite =>
  (raw, writeHead, [, ...rest]) =>
    writeHead.call(raw, status, ...rest)

export const withStatusOfError =
  (status: number): Rewrite =>
  (raw, writeHead, [given, ...rest]) =>
    writeHead.call(raw, given === 200 ? given : status, ...rest)

/** Another length, in each form that `writeHead` takes. */
export const LENGTHS: Readonly<Record<string, Rewrite>> = {
  'a field that is set': (raw, writeHead, [status, ...rest]) => {
    const given = rest.at(-1)
    raw.setHeader('content-length', 7)
    if (typeof given === 'object' && given !== null) Reflect.set(given, 'content-length', 7)
    return writeHead.call(raw, status, ...rest)
  },
  'an object': (raw, writeHead, [status, ...rest]) =>
    writeHead.call(raw, status, 'Fine', { ...(rest.at(-1) as object), 'content-length': 7 }),
  'a list': (raw, writeHead, [status, ...rest]) => {
    for (const [name, value] of Object.entries((rest.at(-1) as object) ?? {})) raw.setHeader(name, value)
    raw.setHeader('content-length', 7)
    return writeHead.call(raw, status, ['Content-Length', '7'])
  },
}

/** Fields that describe the file only. */
export const DESCRIPTION = ['etag', 'last-modified', 'accept-ranges', 'content-range']
