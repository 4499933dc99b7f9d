// A page, an error message or a pointer without a Content-Type that says so. It is refused because of its first bytes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DownloadOptions } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import { names, readOrNull } from '../support/run.ts'
import { fetchTo, isRefused, PAGE, serve, whole } from '../support/stand-ins.ts'

const ERROR = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`
const JSON_ERROR = '{"error":"expired"}\n'

interface Row {
  name: string
  path?: string
  output?: string
  body?: string | Buffer
  fields?: Readonly<Record<string, string>>
  reason?: RegExp
}

const refused: Row[] = [
  { name: 'a page without a type' },
  ...[
    ...['application/octet-stream', 'text/plain', 'APPLICATION/OCTET-STREAM; x="a,b"', 'text/plain;', ''],
    ...['application/xhtml+xml', 'Text/HTML ;charset', 'binary/octet-stream', 'application/force-download'],
    ...['text/plain\r\ncontent-type: application/octet-stream', 'text/html charset=utf-8'],
  ].map((type) => ({ name: `a page as ${JSON.stringify(type)}`, fields: { 'content-type': type } })),
  { name: 'a page for an output', path: '/download', output: 'm.gguf' },
  {
    name: 'a page for the name of the server',
    path: '/download',
    fields: { 'content-disposition': 'attachment; filename="m.zip"' },
  },
  { name: 'a page after a mark and blanks', body: `\ufeff\r\n  ${PAGE}` },
  { name: 'a page in UTF-16', body: Buffer.from(`\ufeff${PAGE}`, 'utf16le') },
  { name: 'a page with the validators of a file', fields: { etag: '"x"', 'accept-ranges': 'bytes' } },
  {
    name: 'an error in JSON',
    body: JSON_ERROR,
    fields: { 'content-type': 'application/json' },
    reason: /a JSON document/,
  },
  {
    name: 'an error of an object store',
    body: ERROR,
    fields: { 'content-type': 'application/xml' },
    reason: /an XML error document/,
  },
  { name: 'a pointer of Git LFS', body: POINTER, reason: /a Git LFS pointer/ },
  {
    name: 'a pointer of Git LFS as bytes',
    path: '/pytorch_model.bin',
    body: POINTER,
    fields: { 'content-type': 'text/plain; charset=utf-8' },
    reason: /a Git LFS pointer/,
  },
]

for (const { name, path = '/m.safetensors', output, body = PAGE, fields, reason } of refused) {
  t.test(`an answer in place of a file is refused without retries (${name})`, async (t) => {
    const server = await serve(t, whole(body, fields))
    const directory = t.testdir({})
    isRefused(t, await fetchTo(server, { path, directory, output }), reason)
    t.equal(server.requests.length, 2, 'once with a Range, and once without')
    t.strictSame(readdirSync(directory), [])
  })
}

const taken: (Row & { options?: DownloadOptions })[] = [
  { name: 'a page that is asked for', options: { html: 'accept' } },
  { name: 'a pointer that is asked for', body: POINTER, options: { html: 'accept' } },
  { name: 'a page under a name of bytes', path: '/m.bin' },
  { name: 'a page under a name of text', path: '/m.txt' },
  { name: 'a page that a server has decompressed', path: '/index.html.gz' },
  { name: 'a page with the type of the file', fields: { 'content-type': 'application/zip' } },
  { name: 'a page without a name', path: '/download' },
  { name: 'a pointer under a name of text', path: '/m.txt', body: POINTER },
  { name: 'JSON without its type', body: JSON_ERROR },
  { name: 'JSON under a name of JSON', path: '/m.json', body: JSON_ERROR },
  { name: 'an empty file', body: '' },
  { name: 'a file of one byte', body: '<' },
  { name: 'a file that ends before it is a page', body: '<html' },
  { name: 'a file of blanks', body: ' '.repeat(2000) },
  { name: 'a small file', body: 'PK\x05\x06' },
]

for (const { name, path = '/m.safetensors', body = PAGE, fields, options } of taken) {
  t.test(`a file is accepted (${name})`, async (t) => {
    const server = await serve(t, whole(body, fields))
    const directory = t.testdir({})
    const end = await fetchTo(server, { path, directory }, options)
    t.notOk(end instanceof Error, String(end))
    t.equal(server.requests.length, 1)
    sameBytes(t, readOrNull(join(directory, path)), Buffer.from(body), 'the file is exact')
    t.strictSame(names(directory), [path.slice(1)])
  })
}

t.test('the command ends with status 6, and accepts the page with --accept-html', async (t) => {
  const server = await serve(t, whole(POINTER))
  const directory = t.testdir({})
  const url = `${server.url}/m.safetensors`
  const no = await rangeGet([url], directory).ended
  t.equal(no.status, 6)
  t.match(no.stderr, /a Git LFS pointer.*--accept-html/)
  t.strictSame(readdirSync(directory), [])
  const yes = await rangeGet(['--accept-html', url], directory).ended
  t.equal(yes.status, 0)
  t.equal(readFileSync(join(directory, 'm.safetensors'), 'utf8'), POINTER)
})
