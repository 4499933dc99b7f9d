// Answers that do not match the request, for all downloaders.
import { createHash } from 'node:crypto'
import {
  answerHonestly,
  atFirst,
  head,
  honest,
  lateron,
  makeContent,
  part,
  type RawRequest,
  resource,
  type Script,
  wanted,
} from './hostile-server.ts'
import type { Scenario } from './scenario.ts'

/** The file. */
export const CONTENT = makeContent(200_000)
/** Another version of it, of the same size. */
export const OTHER = makeContent(200_000, 'version B')
const A = resource(CONTENT)
const SIZE = CONTENT.length

function rangeOf(request: RawRequest): { start: number; end: number } {
  return wanted(request, SIZE) ?? { start: 0, end: SIZE }
}

/** Answers every range with this head and the right bytes, and a request without a range correctly. */
function ranged(
  makeHead: (range: { start: number; end: number }) => string,
  body?: (range: { start: number; end: number }) => Buffer,
): Script {
  return (request, socket) => {
    if (request.range === null) return answerHonestly(A, request, socket)
    const range = rangeOf(request)
    socket.write(makeHead(range))
    socket.write(body?.(range) ?? CONTENT.subarray(range.start, range.end))
  }
}

const raw =
  (text: string | Buffer): Script =>
  (_, socket) => {
    socket.write(text)
    socket.end()
  }

const etag = A.fields['etag'] ?? ''
const fields = { etag }
const gone: Script = (_, socket) => void socket.write(head('404 Not Found', { 'content-length': 0 }))

/** What the server does, and how a download from it ends. */
export const WRONG_ANSWERS: readonly Scenario[] = [
  { name: 'an honest server', script: honest(A), want: CONTENT },
  {
    name: 'a 206 shorter than asked (legal)',
    script: (request, socket) => {
      const { start, end } = rangeOf(request)
      const range = { start, end: Math.min(end, start + 7000) }
      socket.write(part(range, SIZE, fields))
      socket.write(CONTENT.subarray(range.start, range.end))
    },
    want: CONTENT,
  },
  {
    name: 'a 206 longer than asked',
    script: ranged(
      ({ start }) => part({ start, end: SIZE }, SIZE, fields),
      ({ start }) => CONTENT.subarray(start),
    ),
    want: CONTENT,
  },
  {
    name: 'a 206 from a position before the one asked for',
    script: lateron(
      1,
      ranged(
        ({ start, end }) => part({ start: start - 5, end: end - 5 }, SIZE, fields),
        ({ start, end }) => CONTENT.subarray(start - 5, end - 5),
      ),
      A,
    ),
    want: CONTENT,
  },
  {
    name: 'a 206 without Content-Range',
    script: ranged(({ start, end }) => head('206 Partial Content', { etag, 'content-length': end - start })),
    want: CONTENT,
  },
  ...[
    'bytes=0-9/10',
    'bytes 5-2/200000',
    'bytes 0-99/50',
    'bytes 0-/200000',
    'items 0-9/10',
    'bytes 00',
    'bytes 0-18446744073709551616/*',
  ].map(
    (value): Scenario => ({
      name: `the invalid Content-Range "${value}"`,
      script: ranged(({ start, end }) =>
        head('206 Partial Content', { etag, 'content-range': value, 'content-length': end - start }),
      ),
      want: CONTENT,
    }),
  ),
  {
    name: 'two different Content-Ranges',
    script: ranged(({ start, end }) =>
      part({ start, end }, SIZE, fields).replace('\r\n\r\n', `\r\ncontent-range: bytes 0-1/${SIZE}\r\n\r\n`),
    ),
    want: CONTENT,
  },
  {
    name: 'an unknown total',
    script: ranged(({ start, end }) => part({ start, end }, SIZE, fields).replace(`/${SIZE}`, '/*')),
    want: CONTENT,
  },
  {
    name: 'a total that changes',
    script: lateron(
      1,
      (request, socket) => {
        if (request.range === null) return answerHonestly(A, request, socket)
        const range = rangeOf(request)
        socket.write(part(range, SIZE + 1, fields))
        socket.write(CONTENT.subarray(range.start, range.end))
      },
      A,
    ),
    want: CONTENT,
  },
  {
    name: 'a multipart answer to a single range',
    script: ranged(
      () =>
        head('206 Partial Content', {
          etag,
          'content-type': 'multipart/byteranges; boundary=x',
          'content-length': 10,
        }),
      () => Buffer.from('--x\r\n\r\nABC'),
    ),
    want: CONTENT,
  },
  {
    name: 'a 206 to a request without Range',
    script: (request, socket) => {
      if (request.range !== null)
        return void socket.write(head('416 Range Not Satisfiable', { 'content-length': 0 }))
      socket.write(part({ start: 0, end: 10 }, SIZE, fields))
      socket.write(CONTENT.subarray(0, 10))
    },
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a spurious 416 with the right total',
    script: lateron(
      1,
      (request, socket) => {
        if (request.range === null) return answerHonestly(A, request, socket)
        socket.write(
          head('416 Range Not Satisfiable', { 'content-range': `bytes */${SIZE}`, 'content-length': 0 }),
        )
      },
      A,
    ),
    want: CONTENT,
  },
  {
    name: 'a 416 without Content-Range',
    script: (request, socket) =>
      request.range === null
        ? answerHonestly(A, request, socket)
        : void socket.write(head('416 Range Not Satisfiable', { 'content-length': 0 })),
    want: CONTENT,
  },
  ...(
    [
      '204 No Content',
      '205 Reset Content',
      '304 Not Modified',
      '300 Multiple Choices',
      '226 IM Used',
      '299 Odd',
    ] as const
  ).map(
    (status): Scenario => ({
      name: `a ${status}`,
      script: (_, socket) => void socket.write(head(status, { 'content-length': 0 })),
      options: { retries: 1 },
      want: 'ERR_DOWNLOAD_PROTOCOL',
    }),
  ),
  {
    name: 'a 304 in the middle',
    script: (request, socket) =>
      request.index === 1
        ? void socket.write(head('304 Not Modified', { etag }))
        : answerHonestly(A, request, socket),
    want: CONTENT,
  },
  {
    name: 'a captive portal from the start',
    script: (_, socket) =>
      void socket.write(
        `${head('200 OK', { 'content-type': 'text/html', 'content-length': 12 })}<h1>Hi</h1>\r\n`,
      ),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a captive portal in the middle, for a while',
    script: (request, socket) =>
      request.index === 1 || request.index === 2
        ? void socket.write(
            `${head('200 OK', { 'content-type': 'text/html; charset=utf-8', 'content-length': 12 })}<h1>Hi</h1>\r\n`,
          )
        : answerHonestly(resource(CONTENT, { 'content-type': 'application/octet-stream' }), request, socket),
    want: CONTENT,
  },
  {
    name: 'gzip where identity was asked for',
    script: (_, socket) =>
      void socket.write(`${head('200 OK', { 'content-encoding': 'gzip', 'content-length': 5 })}abcde`),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a gzipped 206 in the middle',
    script: (request, socket) => {
      if (request.index !== 1) return answerHonestly(A, request, socket)
      const range = rangeOf(request)
      socket.write(part(range, SIZE, { ...fields, 'content-encoding': 'gzip' }))
      socket.write(CONTENT.subarray(range.start, range.end))
    },
    want: CONTENT,
  },
  {
    name: 'two Content-Lengths',
    script: raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 10\r\n\r\n0123456789'),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'Content-Length with chunked',
    script: raw(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a negative Content-Length',
    script: raw('HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcde'),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'a Content-Length that is too large for a number',
    script: raw(`HTTP/1.1 200 OK\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\nabcde`),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: '1 PB announced',
    script: (_, socket) => void socket.write(`${head('200 OK', { etag, 'content-length': 1024 ** 5 })}abc`),
    want: 'ERR_DOWNLOAD_DISK_FULL',
  },
  {
    name: '1 PB announced in a Content-Range',
    script: ranged(({ start, end }) => part({ start, end }, 1024 ** 5, fields)),
    want: 'ERR_DOWNLOAD_DISK_FULL',
  },
  {
    name: 'garbage',
    script: raw('\u0000\u0001\u0002 this is not HTTP\r\n\r\n'),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'an SSH banner',
    script: raw('SSH-2.0-OpenSSH_9.2\r\n'),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  { name: 'garbage, then an honest server', script: atFirst(2, raw('220 mail ready\r\n'), A), want: CONTENT },
  { name: 'an empty answer', script: raw(''), options: { retries: 1 }, want: 'ERR_DOWNLOAD_NETWORK' },
  {
    name: 'a header flood',
    script: raw(`HTTP/1.1 200 OK\r\n${'X-Flood: yes\r\n'.repeat(100_000)}\r\n`),
    options: { retries: 1 },
    want: 'ERR_DOWNLOAD_PROTOCOL',
  },
  {
    name: 'interim answers for ever',
    script: async (_, socket) => {
      while (!socket.destroyed) {
        socket.write('HTTP/1.1 103 Early Hints\r\n\r\n')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    options: { retries: 1, stallTimeout: 200 },
    want: 'ERR_DOWNLOAD_NETWORK',
  },
  {
    name: 'a 100 Continue that was not asked for, before the answer',
    script: (request, socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      answerHonestly(A, request, socket)
    },
    want: CONTENT,
  },
  { name: 'a 404', script: gone, want: 'ERR_DOWNLOAD_HTTP' },
  { name: 'a 404 in the middle', script: lateron(1, gone, A), want: 'ERR_DOWNLOAD_HTTP' },
  {
    name: 'a chunked 206 that is longer than its Content-Range',
    script: ranged(
      ({ start, end }) =>
        head('206 Partial Content', {
          etag,
          'content-range': `bytes ${start}-${end - 1}/${SIZE}`,
          'transfer-encoding': 'chunked',
        }),
      ({ start, end }) => chunked(Buffer.concat([CONTENT.subarray(start, end), Buffer.from('more')])),
    ),
    want: CONTENT,
  },
  {
    name: 'a chunked 206 that is shorter than its Content-Range',
    script: (request, socket) => {
      if (request.index !== 1) return answerHonestly(A, request, socket)
      const { start, end } = rangeOf(request)
      socket.write(
        head('206 Partial Content', {
          etag,
          'content-range': `bytes ${start}-${end - 1}/${SIZE}`,
          'transfer-encoding': 'chunked',
        }),
      )
      socket.write(chunked(CONTENT.subarray(start, end - 100)))
    },
    want: CONTENT,
  },
  {
    name: 'a Content-Length that contradicts the Content-Range',
    script: ranged(({ start, end }) =>
      part({ start, end }, SIZE, fields).replace(/content-length: \d+/, `content-length: ${end - start - 1}`),
    ),
    want: CONTENT,
  },
  {
    name: 'other bytes under another tag in the middle',
    script: (request, socket) => answerHonestly(request.index < 2 ? A : resource(OTHER), request, socket),
    want: OTHER,
  },
  {
    name: 'other bytes under the same tag but another digest',
    script: (request, socket) => {
      const content = request.index < 2 ? CONTENT : OTHER
      const digest = createHash('sha256').update(content).digest('base64')
      answerHonestly(
        { content, fields: { etag: '"same"', 'repr-digest': `sha-256=:${digest}:` } },
        request,
        socket,
      )
    },
    want: OTHER,
  },
  {
    name: 'nodes with different dates and one strong tag, RFC 9110 §13.1.5',
    script: (request, socket) => {
      const day = String(1 + (request.index % 9)).padStart(2, '0')
      const date = `Mon, ${day} Jan 2026 10:00:00 GMT`
      answerHonestly({ content: CONTENT, fields: { etag, 'last-modified': date } }, request, socket)
    },
    options: { segmentSize: 30_000 },
    want: CONTENT,
  },
  {
    name: 'a 206 with other bytes that ignores If-Range',
    script: (request, socket) => {
      const now = request.index < 2 ? A : resource(OTHER)
      if (request.range === null) return answerHonestly(now, request, socket)
      const range = rangeOf(request)
      socket.write(part(range, SIZE, now.fields))
      socket.write(now.content.subarray(range.start, range.end))
    },
    want: OTHER,
  },
]

function chunked(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
}
