// --metalink, as people and programs use it, and with documents that a stranger wrote.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCommand } from '#client/command/arguments.js'
import { rangeGet } from '../support/command.ts'
import { type CommandPlace, commandPlace, sortedLines, untimed } from '../support/command-place.ts'
import { makeContent } from '../support/hostile-server.ts'
import { fileElement, hex, metalink } from '../support/metalink.ts'
import { names, readOrNull } from '../support/run.ts'

const A = makeContent(3000, 'a')
const B = makeContent(3000, 'b')

/** A server with two files and the document `x.meta4`. */
async function start(t: Test, document = TWO): Promise<CommandPlace> {
  const files = new Map([
    ['/a.bin', A],
    ['/b.bin', B],
  ])
  const place = await commandPlace(t, files)
  files.set('/x.meta4', Buffer.from(document.replaceAll('$U', place.server.url)))
  return place
}

const TWO = metalink(
  fileElement(A, ['$U/missing', '$U/a.bin'], {
    name: 'a.bin',
    more: '<url>ftp://h/a.bin</url><metaurl mediatype="torrent">http://h/a.torrent</metaurl>',
  }) + fileElement(B, ['$U/b.bin'], { name: 'sub/b.bin', hashes: [['sha-1', 'sha1']] }),
)

/** Without times, speeds and ports. */
const plain = (text: string): string => untimed(text).replaceAll(/:\d{4,5}/g, '')

t.test('its files are downloaded below the directory, and what is not used is said', async (t) => {
  const { dir, get, write } = await start(t)
  write('x.meta4', TWO)
  const { status, stderr } = await get(['--metalink', 'x.meta4', '-d', 'out', '--create-dirs'])
  t.equal(status, 0)
  t.strictSame(sortedLines(plain(stderr)), [
    '2 files, 5.9 KiB',
    'note: not used to the end: http://127.0.0.1/missing: the server answered 404 Not Found',
    'note: x.meta4: its URLs that are neither http nor https are not used: 1',
    'note: x.meta4: its torrents and other descriptions (metaurl) are not used: 1',
    'out/a.bin: 2.9 KiB; sha-256 checksum verified',
    'out/sub/b.bin: 2.9 KiB; sha-1 verified: not damaged on the way',
  ])
  t.strictSame([readOrNull(join(dir, 'out/a.bin')), readOrNull(join(dir, 'out/sub/b.bin'))], [A, B])
})

for (const [name, args] of [
  ['a URL', ['--metalink', '$U/x.meta4']],
  ['standard input', ['--metalink', '-']],
] as const)
  t.test(`a Metalink may be ${name}`, async (t) => {
    const { server, dir, get } = await start(t)
    const { status, stderr } = await get([...args, '-q'], TWO.replaceAll('$U', server.url))
    t.equal(stderr, '')
    t.equal(status, 0)
    t.strictSame(names(dir), ['a.bin', 'sub'])
  })

t.test(
  'the files of a Metalink that are right are not fetched again, and --check fetches nothing',
  async (t) => {
    const { server, dir, get, write } = await start(t)
    write('x.meta4', metalink(fileElement(A, ['$U/a.bin'], { name: 'a.bin' })))
    t.equal((await get(['--metalink', 'x.meta4', '--check'])).status, 7)
    t.equal(server.requests.length, 0)
    t.equal((await get(['--metalink', 'x.meta4'])).status, 0)
    const before = server.requests.length
    const again = await get(['--metalink', 'x.meta4', '--json'])
    t.match(again, { status: 0, stdout: /"outcome":"unchanged"/ })
    t.equal((await get(['--metalink', 'x.meta4', '--check'])).status, 0)
    t.equal(server.requests.length, before)
    writeFileSync(join(dir, 'a.bin'), B)
    t.equal((await get(['--metalink', 'x.meta4', '--check'])).status, 7)
  },
)

t.test('a Metalink can be beside URLs, lists and files of checksums', async (t) => {
  const { dir, get, write } = await start(t)
  write('x.meta4', metalink(fileElement(A, ['$U/a.bin'], { name: 'm.bin', hashes: [] })))
  write('L', '$U/b.bin out=l.bin\n')
  write('SUMS', `${hex(A)}  m.bin\n${hex(B)}  b.bin\n`)
  const args = ['--metalink', 'x.meta4', '-i', 'L', '--checksums', 'SUMS']
  const { status, stderr } = await get([...args, '$U/b.bin'])
  t.equal(status, 0, stderr)
  t.match(stderr, /m\.bin: 2\.9 KiB.*; sha-256 checksum verified/)
  t.strictSame(names(dir), ['L', 'SUMS', 'b.bin', 'l.bin', 'm.bin', 'x.meta4'])
  write('OTHERS', `${hex(B)}  b.bin\n`)
  const missing = await get(['--metalink', 'x.meta4', '--checksums', 'OTHERS'])
  t.match(missing, { status: 2, stderr: /^range-get: x\.meta4: .*OTHERS does not have a\.bin/ })
})

t.test('two files with one name, of two documents, are an error', async (t) => {
  const { server, get, write } = await start(t)
  for (const name of ['x', 'y']) write(name, metalink(fileElement(A, ['$U/a.bin'], { name: 'a.bin' })))
  t.match(await get(['--metalink', 'x', '--metalink', 'y']), {
    status: 2,
    stderr: 'range-get: y: a.bin is already the name of the file in x\n',
  })
  t.equal(server.requests.length, 0)
})

const hostile = (name: string): string => metalink(fileElement(A, ['$U/a.bin'], { name }))
for (const [name, text, status, message] of [
  ['no document', null, 2, 'cannot read x.meta4: there is no such file'],
  ['text', 'hello', 2, /^x\.meta4: it is not XML: /],
  [
    'a page',
    '<html><body>404</body></html>',
    2,
    'x.meta4: it is not a Metalink: it is XML with the root html',
  ],
  ['Metalink 3', '<metalink version="3.0"/>', 2, /^x\.meta4: it is a Metalink 3, and only Metalink 4/],
  [
    'entities in entities',
    '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>',
    2,
    /^x\.meta4: it is not XML: Named entity isn't defined: &c;/,
  ],
  ['a deep document', '<a>'.repeat(500_000), 2, 'x.meta4: it is not XML: it is nested too deeply'],
  ['a long document', ' '.repeat(33 * 1024 * 1024), 2, 'x.meta4 is too long for a Metalink'],
  ['a path that leads out', hostile('../x'), 2, /^x\.meta4: file "\.\.\/x": its name \.\.\/x leads out of/],
  ['an absolute path', hostile('/srv/x'), 2, /its name \/srv\/x is not below the directory/],
  ['control characters', hostile('a&#x9b;2Jb'), 2, /^x\.meta4: file [ -~]*$/],
  [
    'a hash of another file',
    metalink(fileElement(B, ['$U/a.bin'])),
    7,
    /file\.bin|the file is not what it should be/,
  ],
] as const)
  t.test(`a document that is wrong leaves no file: ${name}`, async (t) => {
    const { dir, get, write } = await start(t)
    mkdirSync(join(dir, 'out'))
    if (text !== null) write('x.meta4', text)
    const ended = await get(['-q', '--metalink', 'x.meta4', '-d', 'out'])
    t.equal(ended.status, status, ended.stderr)
    t.match(ended.stderr.replace(/^range-get: |\n$/g, ''), message)
    t.strictSame(names(join(dir, 'out')), [])
  })

t.test('what is wrong with a document that is fetched is said with its URL', async (t) => {
  const { get } = await start(t, '<metalink/>')
  t.match(await get(['--metalink', '$U/x.meta4?token=secret']), { status: 4, stderr: /404/ })
  t.match(await get(['--metalink', '$U/x.meta4']), {
    status: 2,
    stderr: /^range-get: http:\/\/127\.0\.0\.1:\d+\/x\.meta4: it is not a Metalink 4: its namespace/,
  })
})

t.test('a password for the server of a document goes to no server that it names', async (t) => {
  const other = await start(t)
  const { server, get } = await start(
    t,
    metalink(fileElement(A, [`${other.server.url}/a.bin`], { name: 'a.bin' })),
  )
  const { status, stderr } = await get(['-H', 'Authorization: Bearer secret', '--metalink', '$U/x.meta4'])
  t.equal(status, 0, stderr)
  t.ok(server.requests.every(({ headers }) => headers.get('authorization') === 'Bearer secret'))
  t.ok(other.server.requests.length > 0)
  t.ok(other.server.requests.every(({ headers }) => !headers.has('authorization')))
})

t.test('over http, a server that a document names gets no password of a netrc file', async (t) => {
  const { server, dir, write } = await start(t)
  write('netrc', 'machine 127.0.0.1 login me password secret\ndefault login me password secret\n')
  write('x.meta4', metalink(fileElement(A, ['$U/a.bin'], { name: 'a.bin' })))
  const args = ['--netrc', '--metalink', 'x.meta4']
  const { status, stderr } = await rangeGet(args, dir, { NETRC: join(dir, 'netrc') }).ended
  t.equal(status, 0, stderr)
  t.ok(server.requests.length > 0)
  t.ok(server.requests.every(({ headers }) => !headers.has('authorization')))
})

for (const [args, message] of [
  [['--metalink', 'x', '-o', 'f'], 'a Metalink names its files, so -o cannot; use -d'],
  [['--metalink', 'x', '-o', '-'], /^--metalink is about files, and -o - writes to standard output/],
  [['--metalink', ''], 'the name of a list is empty'],
  [['--metalink', '-', '-i', '-'], 'standard input can be read once: -i -'],
  [['--metalink', '-', '--metalink', '-'], 'standard input can be read once: -i -'],
  [
    ['--metalink', 'x', '--checksum', `sha-256=${hex(A)}`],
    '--checksum is the digest of one file; a Metalink has those of its files',
  ],
  [
    ['--metalink', 'x', '--mirror', 'http://h/', 'http://i/'],
    '--mirror is for one URL, but there are several',
  ],
  [['--metalink', 'x', '--resume-key', 'k'], '--resume-key is for one URL'],
] as const)
  t.test(`it refuses ${args.join(' ')}`, async (t) => {
    t.throws(() => parseCommand(args), { code: 'ERR_DOWNLOAD_USAGE', message })
  })
