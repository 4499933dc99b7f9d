// The pure rooms, value in, value out.
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fileError } from '#client/errors.js'
import { firstTarget, redirectTarget } from '#client/http/target.js'
import { SpeedMeter } from '#client/progress/speed-meter.js'
import { backoff, retryAfter } from '#client/rules/backoff.js'
import { parseContentRange } from '#client/rules/content-range.js'
import { hasher, parseChecksum, parseDigests, strongest } from '#client/rules/digest.js'
import { fieldLines } from '#client/rules/field-lines.js'
import { identityOf, isSameVersion } from '#client/rules/identity.js'
import { proxyFor } from '#client/rules/proxy.js'
import { RateLimit } from '#client/rules/rate-limit.js'
import { combineCrc32 } from '#client/state/crc32.js'
import { nameFromDisposition, nameFromUrl, safeName } from '#client/state/file-name.js'
import { addBlock, type Block, gaps, largestRest, nextSegment, size } from '#client/state/plan.js'

const fields = (lines: Record<string, string>) => fieldLines(Object.entries(lines).flat())

t.test('CRC-32 of two pieces is that of the whole', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      return combineCrc32(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]))
    }),
  )
  const long = Buffer.alloc(5_000_000, 'long')
  t.equal(combineCrc32(crc32('x'), crc32(long), long.length), crc32(Buffer.concat([Buffer.from('x'), long])))
})

t.test('blocks and gaps: what is there and what is missing make up the whole', async (t) => {
  const content = Buffer.from(Array.from({ length: 200 }, (_, i) => i))
  const block = (start: number, end: number): Block => ({
    start,
    end,
    crc: crc32(content.subarray(start, end)),
  })
  const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { maxLength: 30 })
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.boolean()), (positions, keep) => {
      const edges = [0, ...positions, 200].sort((a, b) => a - b)
      const pieces = edges.slice(1).map((end, i) => block(edges[i] ?? 0, end))
      const kept = pieces.filter(() => keep.next().value).sort((a, b) => (a.crc % 7) - (b.crc % 7))
      const blocks = kept.reduce<Block[]>((all, piece) => addBlock(all, piece), [])
      const missing = gaps(blocks, 200)
      t.equal(size(blocks) + size(missing), 200)
      for (const each of blocks) if (each.crc !== block(each.start, each.end).crc) return false
      return size(blocks) === size(kept)
    }),
    { numRuns: 200 },
  )
  t.strictSame(gaps([], 0), [])
  t.strictSame(gaps([{ start: 0, end: 300 }], 200), [], 'beyond the end')
})

t.test('segments', async (t) => {
  const free = [
    { start: 10, end: 12 },
    { start: 20, end: 100 },
  ]
  const policy = { segmentSize: 4, connections: 1, share: 0, limit: Number.POSITIVE_INFINITY }
  t.strictSame(nextSegment(free, policy), { start: 10, end: 12 }, 'never beyond a gap')
  t.strictSame(nextSegment(free.slice(1), policy), { start: 20, end: 24 })
  t.equal(nextSegment([], policy), null)
  const large = [{ start: 0, end: 4e9 }]
  const automatic = { segmentSize: null, connections: 8, share: 16e6, limit: Number.POSITIVE_INFINITY }
  t.equal(nextSegment(large, automatic)?.end, 16e6, 'its share')
  t.equal(nextSegment(large, { ...automatic, share: 2e9 })?.end, 1024 ** 3, 'but not without bound')
  t.equal(nextSegment(large, { ...automatic, connections: 1 })?.end, 4e9, 'one connection: all of it')
  t.equal(largestRest([]), null)
  const lease = { start: 0, position: 1_000_000, end: 9_000_000 }
  t.equal(largestRest([lease, { start: 0, position: 0, end: 5_000_000 }])?.at, 5_000_000)
  t.equal(largestRest([{ start: 0, position: 0, end: 1000 }]), null, 'not worth a connection')
})

t.test('Content-Range', async (t) => {
  t.strictSame(parseContentRange('bytes 0-3/7877'), { kind: 'part', first: 0, last: 3, total: 7877 })
  t.strictSame(parseContentRange('bytes 0-3/*'), { kind: 'part', first: 0, last: 3, total: null })
  t.strictSame(parseContentRange('bytes */7877'), { kind: 'unsatisfied', total: 7877 })
  for (const invalid of [
    null,
    '',
    'bytes',
    'bytes=0-3/7877',
    '0-10/100',
    'bytes 3-0/10',
    'bytes 0-10/10',
    'bytes -3/10',
    'bytes 0-3/',
    'bytes 0-99999999999999999999/*',
    'bytes */*',
    'bytes 0-3 /10',
    'bytes 0x0-0x3/10',
  ]) {
    t.equal(parseContentRange(invalid), null, String(invalid))
  }
})

t.test('the same version', async (t) => {
  const identity = (lines: Record<string, string>, digests = {}) => identityOf(fields(lines), 10, digests)
  const old = { 'Last-Modified': 'Mon, 05 Jan 2026 10:00:00 GMT', Date: 'Mon, 05 Jan 2026 10:01:00 GMT' }
  const young = { ...old, Date: old['Last-Modified'] }
  t.ok(isSameVersion(identity({ ETag: '"a"' }), identity({ ETag: '"a"' })))
  t.notOk(isSameVersion(identity({ ETag: '"a"' }), identity({ ETag: '"b"' })))
  t.notOk(isSameVersion(identity({ ETag: 'W/"a"' }), identity({ ETag: 'W/"a"' })), 'weak tags prove nothing')
  t.notOk(isSameVersion(identity({ ETag: 'a' }), identity({ ETag: 'a' })), 'no entity-tag without quotes')
  t.ok(isSameVersion(identity(old), identity(old)))
  t.notOk(isSameVersion(identity(young), identity(old)), 'weak when the first bytes came')
  t.notOk(isSameVersion(identity({ ...old, ETag: '"a"' }), identity(old)), 'the tag is gone')
  t.notOk(isSameVersion(identity({ ...old, ETag: 'W/"a"' }), identity({ ...old, ETag: 'W/"b"' })))
  t.ok(
    isSameVersion(
      identity({ ETag: '"a"' }, { 'sha-256': 'x' }),
      identity({ ETag: '"b"' }, { 'sha-256': 'x' }),
    ),
  )
  t.notOk(
    isSameVersion(
      identity({ ETag: '"a"' }, { 'sha-256': 'x' }),
      identity({ ETag: '"a"' }, { 'sha-256': 'y' }),
    ),
  )
  t.notOk(isSameVersion(identity({}), identity({})), 'nothing proves nothing')
})

t.test('waiting', async (t) => {
  const policy = { retries: 5, delay: 1000, maxDelay: 10_000 }
  t.equal(backoff(1, policy, 1), 1000)
  t.equal(backoff(1, policy, 0), 500)
  t.equal(backoff(3, policy, 1), 4000)
  t.equal(backoff(60, policy, 1), 10_000)
  t.equal(retryAfter(fields({ 'Retry-After': '120' })), 120_000)
  t.equal(retryAfter(fields({ 'Retry-After': '9'.repeat(30) })), Number.MAX_SAFE_INTEGER)
  const date = { 'Retry-After': 'Mon, 05 Jan 2026 10:01:00 GMT', Date: 'Mon, 05 Jan 2026 10:00:00 GMT' }
  t.equal(retryAfter(fields(date)), 60_000, "by the server's clock")
  t.equal(retryAfter(fields({ 'Retry-After': date['Retry-After'] }), Date.UTC(2026, 0, 5, 10, 0, 30)), 30_000)
  t.equal(retryAfter(fields({ 'Retry-After': date.Date }), Date.UTC(2027, 0, 1)), 0, 'a date that has passed')
  for (const odd of ['soon', '-1', '1.5']) t.equal(retryAfter(fields({ 'Retry-After': odd })), null, odd)
})

t.test('rate limit and speed', async (t) => {
  const limit = new RateLimit(1000)
  t.equal(limit.wait(500, 0), 500)
  t.equal(limit.wait(500, 0), 1000, 'connections share it')
  t.equal(limit.wait(500, 5000), 500, 'idle time is not saved up')
  const meter = new SpeedMeter()
  meter.reset(0)
  for (let ms = 100; ms <= 10_000; ms += 100) meter.add(100, ms)
  t.equal(Math.round(meter.speed(10_000)), 1000)
  meter.reset(100_000)
  meter.add(100, 101_000)
  t.equal(meter.speed(101_000), 100, 'a pause does not count')
})

t.test('names', async (t) => {
  const rows: [string, string][] = [
    ['file.iso', 'file.iso'],
    ['../../evil', 'evil'],
    ['..\\..\\evil', 'evil'],
    ['/etc/passwd', 'passwd'],
    ['C:\\x\\y', 'y'],
    ['..', 'download'],
    ['', 'download'],
    ['.', 'download'],
    ['...', 'download'],
    ['.bashrc', 'bashrc'],
    ['a\0b\n\u001b[31mc', 'ab[31mc'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['a:b*c?', 'a_b_c_'],
    ['trailing. . ', 'trailing'],
    ['gpj.\u202Efdp', 'gpj.fdp'],
    ['naïve 世界.txt', 'naïve 世界.txt'],
    ['dir/', 'dir'],
    ['-rf', '_-rf'],
    ['.-rf', '_-rf'],
    ['\u2011\uff0drf', '\u2011\uff0drf'],
    ['\uff0drf', '_\uff0drf'],
    ['~root', '_~root'],
    ['LPT1 .txt', '_LPT1 .txt'],
    ['com\u00b9.log', '_com\u00b9.log'],
    ['\uff23\uff2f\uff2e', '_\uff23\uff2f\uff2e'],
    ['CON .a.b', '_CON .a.b'],
    ['console.txt', 'console.txt'],
    ['\u3164', 'download'],
    ['a\u3164\u2800\u034f\ufe0f.txt', 'a.txt'],
    ['blank\u3000\u00a0', 'blank'],
    ['x.part', 'x.part_'],
    ['x.part.json', 'x.part.json_'],
    ['x.PART.Lock', 'x.PART.Lock_'],
    ['x.part.json.tmp', 'x.part.json.tmp_'],
    ['x.part.lock.1-2', 'x.part.lock.1-2_'],
    ['x.part.new', 'x.part.new_'],
    ['x.part.done.1-2', 'x.part.done.1-2_'],
    ['x.part. . ', 'x.part_'],
    ['x.p\u200bart.j\u017fon', 'x.part.j\u017fon_'],
    ['.part', 'part'],
    ['x.part.txt', 'x.part.txt'],
    ['x.part1.rar', 'x.part1.rar'],
  ]
  for (const [given, want] of rows) t.equal(safeName(given), want, JSON.stringify(given))
  const long = safeName(`${'世'.repeat(300)}.tar`)
  t.ok(Buffer.byteLength(long) <= 180 && long.endsWith('.tar'), 'cut between characters, the extension kept')
  const other = safeName(`${'世'.repeat(299)}-.tar`)
  t.not(long, other, 'two names that begin alike stay two')
  t.equal(nameFromUrl(new URL('http://a/b/c.bin?x=/../y')), 'c.bin')
  t.equal(nameFromUrl(new URL('http://a/x.part.json')), 'x.part.json_')
  t.equal(nameFromUrl(new URL('http://a/%2e%2e%2fc')), 'c')
  t.equal(nameFromUrl(new URL('http://a/%ff')), '%ff')
  t.equal(nameFromDisposition('attachment; filename="a.bin"'), 'a.bin')
  t.equal(nameFromDisposition(`attachment; filename="a.bin"; filename*=UTF-8''%e2%82%ac.bin`), '€.bin')
  t.equal(nameFromDisposition('attachment'), null)
  t.equal(nameFromDisposition(null), null)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const safe = safeName(name)
      return (
        safe !== '' && !/[/\\\p{Cc}]/u.test(safe) && !/^[.~-]/.test(safe) && Buffer.byteLength(safe) <= 180
      )
    }),
  )
})

t.test('proxies', async (t) => {
  const url = new URL('http://www.example.com/x')
  const https = new URL('https://www.example.com/x')
  const env = { http_proxy: 'http://p:1', https_proxy: 'q:2', HTTP_PROXY: 'http://evil:1' }
  t.equal(proxyFor(url, null, env)?.href, 'http://p:1/')
  t.equal(proxyFor(https, null, env)?.href, 'http://q:2/')
  t.equal(proxyFor(url, null, { HTTP_PROXY: 'http://evil:1' }), null, 'a CGI client could set it')
  t.equal(proxyFor(url, null, { all_proxy: 'http://a:1' })?.host, 'a:1')
  t.equal(proxyFor(url, 'http://o:3', env)?.host, 'o:3')
  for (const list of [
    '*',
    'example.com',
    '.example.com',
    'x, www.example.com',
    'www.example.com:80',
    '*.example.com',
  ]) {
    t.equal(proxyFor(url, null, { ...env, no_proxy: list }), null, list)
  }
  for (const list of ['', 'ample.com', 'www.example.com:81', 'example.org'])
    t.ok(proxyFor(url, null, { ...env, no_proxy: list }), list)
  for (const proxy of ['socks5://x:1', 'http://'])
    t.throws(() => proxyFor(url, proxy, env), { code: 'ERR_DOWNLOAD_USAGE' }, proxy)
})

t.test('targets', async (t) => {
  const first = firstTarget('http://u:p%40@a.example/x#y', { cookie: 'c', accept: 'a' })
  t.equal(first.url.href, 'http://a.example/x')
  t.equal(first.headers['authorization'], `Basic ${Buffer.from('u:p@').toString('base64')}`)
  t.same(redirectTarget(first, '/z')?.headers, first.headers, 'the same origin')
  for (const other of ['https://a.example/', 'http://a.example:81/', 'http://b.example/']) {
    t.strictSame(redirectTarget(first, other)?.headers, { accept: 'a' }, other)
  }
  for (const nowhere of [null, 'file:///etc/passwd', 'ftp://a/', 'http://', 'data:,x', 'javascript:1']) {
    t.equal(redirectTarget(first, nowhere), null, String(nowhere))
  }
  t.equal(redirectTarget(first, 'http://me:pw@b.example/')?.url.href, 'http://b.example/')
  for (const bad of ['', 'x', 'ftp://a/b', 'file:///x'])
    t.throws(() => firstTarget(bad, {}), { code: 'ERR_DOWNLOAD_USAGE' }, bad)
})

t.test('digests as text', async (t) => {
  const hex = createHash('sha256').update('x').digest('hex')
  const base64 = createHash('sha256').update('x').digest('base64')
  for (const form of [
    `sha-256=${hex}`,
    `SHA256=${hex.toUpperCase()}`,
    `sha-256=${base64}`,
    `sha256:${hex}`,
  ]) {
    t.strictSame(parseChecksum(form), { algorithm: 'sha-256', value: base64 }, form)
  }
  for (const bad of ['', hex, `sha-256=${hex}00`, `md5=${hex}`, 'sha-256=', `sha-512=${hex}`]) {
    t.throws(() => parseChecksum(bad), { code: 'ERR_DOWNLOAD_USAGE' }, bad)
  }
  t.strictSame(parseDigests(`sha-256=:${base64}:, md5=:AAAA:`), { 'sha-256': base64 })
  t.strictSame(parseDigests('sha-256=?1'), {})
  t.strictSame(parseDigests(null), {})
  t.strictSame(parseDigests('sha-256=:'), {}, 'not a structured field')
  t.equal(strongest({}), null)
  t.equal(hasher('sha-256').update('x').digest('base64'), base64)
  t.equal(hasher('sha-512').digest().length, 64)
  t.equal(strongest({ 'sha-256': base64, 'sha-512': 'x' })?.algorithm, 'sha-512')
})

t.test('failures of the file system', async (t) => {
  const codeFor = (code: string) => fileError(Object.assign(new Error(code), { code }), 'x').code
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) t.equal(codeFor(code), 'ERR_DOWNLOAD_DISK_FULL', code)
  for (const code of ['EACCES', 'EROFS', 'ENOENT', 'EIO'])
    t.equal(codeFor(code), 'ERR_DOWNLOAD_UNWRITABLE', code)
})
