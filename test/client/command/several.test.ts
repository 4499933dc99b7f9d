// Lists, files of checksums and --check, as people and programs use them.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { rangeGet, spawnCommand } from '../support/command.ts'
import { type CommandPlace, commandPlace, sortedLines, untimed } from '../support/command-place.ts'
import { startFiles } from '../support/file-server.ts'
import { head, makeContent, sha256, startHostile } from '../support/hostile-server.ts'
import { untilRecorded } from '../support/kill.ts'
import { names, readOrNull } from '../support/run.ts'

const FILES = new Map(
  ['a', 'b', 'c', 'x/d'].map((name) => [`/${name}.bin`, makeContent(3000, `file ${name}`)]),
)
const digestOf = (name: string): string => sha256(FILES.get(`/${name}.bin`) ?? Buffer.alloc(0))
const SUMS = ['a', 'b', 'c'].map((name) => `${digestOf(name)}  ${name}.bin\n`).join('')

const start = (t: Test, files = FILES): Promise<CommandPlace> => commandPlace(t, files)

t.test(
  'a list, a second one and URLs are downloaded together, with one line each and one for all',
  async (t) => {
    const { dir, get, write } = await start(t)
    write(
      'L',
      `\uFEFF# two files\r\n\r\n$U/a.bin\tout=sub/A.bin\r\n$U/b.bin checksum=sha-256=${digestOf('b')}\r\n`,
    )
    write('M', '$U/c.bin\n  out=a name.bin')
    const { status, stdout, stderr } = await get(['-i', 'L', '-i', 'M', '$U/x/d.bin'])
    t.equal(status, 0)
    t.equal(stdout, '')
    t.strictSame(sortedLines(untimed(stderr)), [
      '4 files, 11.7 KiB',
      'a name.bin: 2.9 KiB; length checked',
      'b.bin: 2.9 KiB; sha-256 checksum verified',
      'd.bin: 2.9 KiB; length checked',
      'sub/A.bin: 2.9 KiB; length checked',
    ])
    t.strictSame(names(dir), ['L', 'M', 'a name.bin', 'b.bin', 'd.bin', 'sub'])
  },
)

t.test('a list comes from standard input, also as JSON lines; a wrong line is one failure', async (t) => {
  const { dir, get } = await start(t)
  const input = '{"url":"$U/a.bin","out":"A"}\n$U/b.bin nonsense\n{"url":"$U/c.bin"}\nftp://h/x\n'
  const { status, stderr } = await get(['-q', '-i', '-'], input)
  t.equal(status, 2)
  t.strictSame(sortedLines(stderr), [
    'range-get: standard input:2: "nonsense" is neither out= nor checksum=; a name with blanks is written below its URL, after a blank',
    'range-get: standard input:4: only http and https can be fetched, not ftp://h/x',
  ])
  t.strictSame(names(dir), ['A', 'c.bin'])
})

const FAULTS: [name: string, list: string | Buffer, message: RegExp][] = [
  ['a wrong line', '$U/a.bin\n$U/b.bin out=/etc/x\n', /^range-get: L:2: out=\/etc\/x is not below/],
  [
    'two files with one name',
    '$U/a.bin out=x\n$U/b.bin\n$U/c.bin out=x\n',
    /^range-get: L:3: x is already the name of the file in L:1\n/,
  ],
  [
    'a file and a file below it',
    '$U/a.bin out=x\n$U/b.bin\n$U/c.bin out=x/y/z\n',
    /^range-get: L:3: x cannot be a folder: it is already the name of the file in L:1\n/,
  ],
  [
    'a file below it, and a file',
    '$U/a.bin out=x/y/z\n$U/b.bin\n$U/c.bin out=x\n',
    /^range-get: L:3: x is already a folder of the file in L:1\n/,
  ],
  ['bytes that are not UTF-8', Buffer.from([0x68, 0xff, 0x0a]), /^range-get: L is not text in UTF-8\n/],
  ['a line without end', `$U/${'a'.repeat(1_100_000)}`, /^range-get: L: a line is too long\n/],
]
for (const [name, list, message] of FAULTS)
  t.test(`nothing is fetched if a list has ${name}`, async (t) => {
    const { server, dir, get, write } = await start(t)
    if (typeof list === 'string') write('L', list)
    else writeFileSync(join(dir, 'L'), list)
    const { status, stderr } = await get(['-i', 'L', '$U/c.bin'])
    t.equal(status, 2)
    t.match(stderr, message)
    t.match(stderr, /^[^\n]*\n$/)
    t.equal(server.requests.length, 0)
  })

t.test('a list that PowerShell has written is read', async (t) => {
  const { server, dir, get } = await start(t)
  writeFileSync(join(dir, 'L'), Buffer.from(`\uFEFF${server.url}/a.bin\r\n`, 'utf16le'))
  t.equal((await get(['-q', '-i', 'L'])).status, 0)
  t.strictSame(names(dir), ['L', 'a.bin'])
})

t.test(
  'what cannot be read, and a directory that is missing, is said before anything is fetched',
  async (t) => {
    const { server, dir, get, write } = await start(t)
    write('L', '$U/a.bin\n')
    mkdirSync(join(dir, 'folder'))
    for (const [args, expected, message] of [
      [['-i', 'none'], 2, 'cannot read none: there is no such file'],
      [['-i', 'folder'], 2, 'cannot read folder: it is a directory'],
      [['--checksums', 'none', '$U/a.bin'], 2, 'cannot read none: there is no such file'],
      [
        ['-i', 'L', '-d', 'no'],
        9,
        `cannot write to ${join(dir, 'no')}: the directory does not exist. --create-dirs makes it`,
      ],
    ] as const) {
      const { status, stderr } = await get(args)
      t.equal(status, expected, args.join(' '))
      t.equal(stderr, `range-get: ${message}\n`)
    }
    t.equal(server.requests.length, 0)
    t.equal((await get(['-q', '-i', 'L', '-d', 'no', '--create-dirs'])).status, 0)
    t.strictSame(names(join(dir, 'no')), ['a.bin'])
  },
)

t.test(
  'with --checksums, right files are not asked for, and wrong ones stay unless --overwrite is given',
  async (t) => {
    const { server, dir, get, write } = await start(t)
    write('SUMS', SUMS)
    writeFileSync(join(dir, 'a.bin'), FILES.get('/a.bin') ?? '')
    writeFileSync(join(dir, 'b.bin'), 'older')
    const args = ['--checksums', 'SUMS', '$U/a.bin', '$U/b.bin', '$U/c.bin']
    const first = await get(args)
    t.equal(first.status, 11)
    t.strictSame(sortedLines(untimed(first.stderr)), [
      '1 of 3 failed',
      'a.bin: 2.9 KiB, not changed; sha-256 checksum verified',
      'c.bin: 2.9 KiB; sha-256 checksum verified',
      `range-get: ${server.url}/b.bin: ${join(dir, 'b.bin')} already exists and was not changed (--overwrite replaces it, --update only if it has changed)`,
    ])
    t.strictSame(
      server.requests.map(({ path }) => path),
      ['/c.bin'],
    )
    t.equal(readOrNull(join(dir, 'b.bin'))?.toString(), 'older')
    t.equal((await get(['-q', '--overwrite', ...args])).status, 0)
    t.strictSame(
      server.requests.map(({ path }) => path),
      ['/c.bin', '/b.bin'],
    )
  },
)

t.test(
  'a file that is not in the list of checksums, or has only a weak one, is an error beforehand',
  async (t) => {
    const { server, get, write } = await start(t)
    write('SUMS', SUMS)
    write('MD5', `${'0'.repeat(32)}  a.bin\n`)
    for (const [sums, url, message] of [
      ['SUMS', '$U/x/d.bin', 'SUMS does not have d.bin'],
      [
        'MD5',
        '$U/a.bin',
        'MD5 has no sha-256 or sha-512 digest of it. Others, such as md5 and sha-1, only prove that a file is not damaged',
      ],
    ] as const) {
      const { status, stderr } = await get(['--checksums', sums, url])
      t.equal(status, 2)
      t.match(stderr, message)
    }
    t.equal(server.requests.length, 0)
  },
)

t.test('a file of checksums may be a URL, and that its signature is not checked is said', async (t) => {
  const signed = [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA512',
    '',
    SUMS,
    '-----BEGIN PGP SIGNATURE-----',
    'x',
    '-----END PGP SIGNATURE-----',
    '',
  ]
  const { dir, get } = await start(t, new Map([...FILES, ['/SUMS', Buffer.from(signed.join('\n'))]]))
  const { status, stderr } = await get(['--checksums', '$U/SUMS', '$U/a.bin'])
  t.equal(status, 0)
  t.match(
    stderr,
    /^note: the signature of http:.*\/SUMS is not checked\na\.bin: .*; sha-256 checksum verified\n1 file, 2\.9 KiB\n$/,
  )
  t.strictSame(names(dir), ['a.bin'])
})

t.test('a file of checksums that does not end is refused', async (t) => {
  const server = await startHostile((_, socket) => {
    socket.write(head('200 OK', { 'content-length': 100_000_000 }) + SUMS)
  })
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  for (const place of process.platform === 'linux' ? ['/dev/zero', `${server.url}/SUMS`] : []) {
    const { status, stderr } = await rangeGet(['--checksums', place, `${server.url}/a`], dir).ended
    t.equal(status, 2)
    t.equal(stderr, `range-get: ${place} is too long for a file of checksums\n`)
  }
  t.strictSame(names(dir), [])
})

t.test('a failure to get a file of checksums, or a Metalink, names it', async (t) => {
  const { get } = await start(t, new Map(FILES))
  for (const words of [
    ['--checksums', '$U/missing', '$U/a.bin'],
    ['--metalink', '$U/missing'],
  ]) {
    const { status, stderr } = await get(words)
    t.equal(status, 4)
    t.match(stderr, /^range-get: http:[^\n]+\/missing: the server answered 404 Not Found\n$/)
  }
})

t.test('a file of checksums on the web needs no folder for temporary files', async (t) => {
  const { server, dir } = await start(t, new Map([...FILES, ['/SUMS', Buffer.from(SUMS)]]))
  const env = { TMPDIR: join(dir, 'missing'), TMP: join(dir, 'missing'), TEMP: join(dir, 'missing') }
  const urls = ['--checksums', `${server.url}/SUMS`, `${server.url}/a.bin`]
  const { status, stderr } = await rangeGet(urls, dir, env).ended
  t.equal(status, 0, stderr)
  t.strictSame(names(dir), ['a.bin'])
})

t.test('a file of checksums may have hundreds of thousands of lines', async (t) => {
  const lines = Array.from({ length: 200_000 }, (_, at) => `${'0'.repeat(64)}  ${at}`).join('\n')
  const dir = t.testdir({ SUMS: lines })
  const { status, stderr } = await rangeGet(['--check', '--checksums', 'SUMS', 'http://host.invalid/5'], dir)
    .ended
  t.equal(status, 7)
  t.match(stderr, /5 is missing\n/)
})

t.test('a file of checksums has no mirrors, and Ctrl-C stops it', async (t) => {
  const { server, dir, get } = await start(t)
  const silent = await startHostile(() => undefined)
  t.teardown(() => silent.stop())
  const { status } = await get(['--mirror', '$U/a.bin', '--checksums', '$U/none', '$U/b.bin'])
  t.equal(status, 4)
  t.ok(server.requests.every(({ path }) => path === '/none'))
  const run = rangeGet(['--checksums', `${silent.url}/SUMS`, `${server.url}/a.bin`], dir)
  while (silent.requests.length === 0) await sleep(5)
  run.child.kill('SIGINT')
  t.equal((await run.ended).status, 130)
})

t.test(
  'a file that is larger than a limit allows does not keep smaller ones from being fetched',
  { skip: process.platform === 'win32' ? 'no ulimit' : false },
  async (t) => {
    const files = new Map([...FILES, ['/big.bin', makeContent(3_000_000)]])
    const { server, dir } = await start(t, files)
    const urls = ['big', 'a', 'b'].map((name) => `${server.url}/${name}.bin`)
    const line = 'ulimit -f 2000; exec "$0" "$@"' // blocks of 512 or 1024 bytes
    const command = ['-c', line, process.execPath, CLI, '-q', '--parallel', '1', ...urls]
    const { status, stderr } = await spawnCommand('sh', command, { cwd: dir }).ended
    t.equal(status, 8, stderr)
    t.match(stderr, /big\.bin: .*larger than .* allows \(EFBIG\)/)
    t.strictSame(
      names(dir).filter((name) => /^[ab]\.bin$/.test(name)),
      ['a.bin', 'b.bin'],
    )
  },
)

t.test('a URL that is given twice, and a directory as list, are reported as that', async (t) => {
  const { dir, get } = await start(t)
  for (const parallel of ['1', '2']) {
    const twice = await get(['-q', '--overwrite', '--parallel', parallel, '-i', '-'], '$U/a.bin\n$U/a.bin\n')
    t.equal(twice.status, 10)
    t.match(twice.stderr, 'another download of this process has the same output')
  }
  const directory = spawnCommand('bash', ['-c', '"$0" "$@" < .', process.execPath, CLI, '-i', '-'], {
    cwd: dir,
  })
  t.match((await directory.ended).stderr, 'cannot read standard input: it is a directory')
})

t.test('a list that cannot even be looked at is an error of its name', async (t) => {
  const { dir, get } = await start(t)
  symlinkSync('loop', join(dir, 'loop'))
  const { status, stderr } = await get(['-i', 'loop', '$U/a.bin'])
  t.equal(status, 2)
  t.match(stderr, /^range-get: cannot read loop: /)
  t.strictSame(names(dir), ['loop'])
})

t.test('the file has the name that -o says, or that of the list of checksums', async (t) => {
  const { dir, get, write } = await start(t)
  write('SUMS', `${digestOf('x/d')} *./x/d.bin\n`)
  t.equal((await get(['-q', '--checksums', 'SUMS', '-o', 'D', '$U/x/d.bin'])).status, 0)
  t.equal((await get(['-q', '--checksums', 'SUMS', '$U/x/d.bin'])).status, 0)
  t.strictSame(names(dir), ['D', 'SUMS', 'd.bin'])
})

t.test('--check verifies what is there, without any request', async (t) => {
  const { server, dir, get, write } = await start(t)
  write('SUMS', SUMS)
  writeFileSync(join(dir, 'a.bin'), FILES.get('/a.bin') ?? '')
  writeFileSync(join(dir, 'b.bin'), 'other')
  const { status, stderr } = await get(['--check', '--checksums', 'SUMS'])
  t.equal(status, 7)
  t.strictSame(sortedLines(stderr), [
    '2 of 3 failed',
    'a.bin: 2.9 KiB; sha-256 checksum verified',
    `range-get: ${join(dir, 'b.bin')} has another sha-256 digest`,
    `range-get: ${join(dir, 'c.bin')} is missing`,
  ])
  t.equal((await get(['--check', '-q', '--checksums', 'SUMS', '$U/a.bin'])).status, 0)
  write(
    'L',
    `$U/a.bin checksum=sha-256=${digestOf('a')}\n$U/none out=b.bin checksum=sha-256=${digestOf('b')}\n`,
  )
  const list = await get(['--check', '--json', '-i', 'L'])
  t.equal(list.status, 7)
  const events = list.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  t.match(events, [
    { event: 'verified', path: join(dir, 'a.bin'), size: 3000, digest: 'sha-256' },
    { event: 'error', url: null, code: 'ERR_DOWNLOAD_DIGEST', status: 7 },
    { event: 'end', done: 1, failed: 1 },
  ])
  t.equal(
    (await get(['--check', '-q', '-o', 'a.bin', '--checksum', `sha-256=${digestOf('a')}`, '$U/x'])).status,
    0,
  )
  t.match((await get(['--check', '-i', 'L', '$U/c.bin'])).stderr, /c\.bin has no checksum/)
  t.equal(server.requests.length, 0)
})

t.test('--json has the events of each file, and one at the end', async (t) => {
  const { dir, get, write } = await start(t)
  write('L', '$U/a.bin\n$U/none\n')
  const { status, stdout } = await get(['--json', '-i', 'L'])
  t.equal(status, 4)
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const { url } = events.find(({ event }) => event === 'result')
  t.match(url, /\/a\.bin$/)
  t.match(
    events.find(({ event }) => event === 'result'),
    { path: join(dir, 'a.bin'), size: 3000 },
  )
  t.match(
    events.find(({ event }) => event === 'error'),
    { url: /\/none$/, code: 'ERR_DOWNLOAD_HTTP', status: 4 },
  )
  t.match(events.at(-1), { event: 'end', done: 1, failed: 1, received: 3000 })
})

t.test('options that are about one file, or exclude each other, are refused', async (t) => {
  const { get } = await start(t)
  const sum = `sha-256=${digestOf('a')}`
  for (const [args, message] of [
    [['-i', 'L', '-o', 'x'], '-o names one file, but there are several URLs; use -d'],
    [
      ['-i', 'L', '--checksum', sum],
      '--checksum is the digest of one file; write checksum= in the list, or use --checksums',
    ],
    [['--checksums', 'S', '--checksum', sum, 'u'], '--checksum and --checksums exclude each other'],
    [['--resume-key', 'k', 'u', 'v'], '--resume-key is for one URL'],
    [
      ['--check', 'u'],
      '--check needs digests: --checksums FILE, --metalink FILE, --checksum DIGEST, or checksum= in a list',
    ],
    [['--checksums', '-', 'u'], '--checksums takes a file or a URL, not "-"'],
    [['--checksums', 'S'], 'no URL was given: range-get [options] URL...'],
    [['-i', '-', '-i', '-'], 'standard input can be read once: -i -'],
    [['-i', ''], 'the name of a list is empty'],
    [['-j', '0', 'u', 'v'], '--parallel takes a whole number from 1 to 64, not "0"'],
    [
      ['--host-connections', '257', 'u', 'v'],
      '--host-connections takes a whole number from 1 to 256, not "257"',
    ],
  ] as const) {
    const { status, stderr } = await get(args)
    t.equal(status, 2, args.join(' '))
    t.equal(stderr, `range-get: ${message} (--help shows the options)\n`)
  }
})

t.test('Ctrl-C stops all files, with one line, and the next run goes on', async (t) => {
  const big = makeContent(2_000_000)
  const server = await startFiles(new Map([1, 2, 3].map((name) => [`/${name}`, big])))
  t.teardown(() => server.stop())
  const dir = t.testdir({})
  const args = ['-n', '1', ...[1, 2, 3].map((name) => `${server.url}/${name}`)]
  const run = rangeGet(args, dir)
  await server.hasServed(600_000)
  await untilRecorded(run, dir)
  run.child.kill('SIGINT')
  const { status, stderr } = await run.ended
  t.equal(status, 130)
  t.match(stderr, /range-get: stopped after \d files?; run again to go on\n$/)
  const served = server.served
  t.equal((await rangeGet(['-q', ...args], dir).ended).status, 0)
  t.strictSame(names(dir), ['1', '2', '3'])
  t.ok(server.served - served < 3 * big.length, 'something was resumed')
})

t.test(
  'with few descriptors fewer files are downloaded at once, and all are right',
  { skip: process.platform === 'win32' && 'no ulimit here' },
  async (t) => {
    const files = new Map(
      Array.from({ length: 40 }, (_, index) => [`/${index}.bin`, makeContent(9000, `${index}`)]),
    )
    const server = await startFiles(files)
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    writeFileSync(join(dir, 'L'), [...files.keys()].map((path) => `${server.url}${path}\n`).join(''))
    const command = [
      '-c',
      'unset NODE_OPTIONS; ulimit -n 64; exec "$0" "$@"',
      process.execPath,
      CLI,
      '-q',
      '-j',
      '30',
      '-i',
      'L',
    ]
    const { status, stderr } = await spawnCommand('bash', command, { cwd: dir }).ended
    t.equal(status, 0, stderr)
    t.equal(names(dir).length, 41)
  },
)
