import t from 'tap'
import { type ChecksumLine, readChecksumFile } from '#client/lists/checksum-lines.js'

const A = 'a1'.repeat(32)
const B = 'b2'.repeat(64)
const MD5 = 'd5'.repeat(16)

const line = (
  name: string | null,
  digest = A,
  algorithm: ChecksumLine['algorithm'] = 'sha-256',
  at = 1,
): ChecksumLine => ({
  name,
  algorithm,
  digest,
  line: at,
})

const rows: [name: string, text: string, lines: ChecksumLine[]][] = [
  ['nothing', '', []],
  ['sha256sum, text', `${A}  a.iso\n`, [line('a.iso')]],
  ['sha256sum, binary', `${A} *a.iso\n`, [line('a.iso')]],
  ['sha512sum', `${B}  a.iso\n`, [line('a.iso', B, 'sha-512')]],
  ['upper case', `${A.toUpperCase()}  a.iso`, [line('a.iso')]],
  ['several blanks or a tab', `${A}\ta.iso\n${A}   b.iso`, [line('a.iso'), line(' b.iso', A, 'sha-256', 2)]],
  ['a name with blanks', `${A}  a b  c.iso`, [line('a b  c.iso')]],
  ['CRLF', `${A}  a.iso\r\n${A}  b.iso\r\n`, [line('a.iso'), line('b.iso', A, 'sha-256', 2)]],
  ['comments and empty lines', `# a.iso: 5 bytes\n\n \n${A}  a.iso`, [line('a.iso', A, 'sha-256', 4)]],
  ['a name with escapes', `\\${A}  a\\nb\\\\c\\rd\\x.iso`, [line('a\nb\\c\rd\\x.iso')]],
  ['a backslash in a name without escapes', `${A}  a\\nb`, [line('a\\nb')]],
  ['the digest alone', `${A}\n`, [line(null)]],
  [
    '--tag',
    `SHA256 (a (1).iso) = ${A}\nSHA512 (a.iso) = ${B}`,
    [line('a (1).iso'), line('a.iso', B, 'sha-512', 2)],
  ],
  ['--tag with escapes', `\\SHA256 (a\\nb) = ${A}`, [line('a\nb')]],
  [
    'openssl dgst',
    `SHA2-256(a.iso)= ${A}\nSHA256(b.iso)= ${A}`,
    [line('a.iso'), line('b.iso', A, 'sha-256', 2)],
  ],
  ['openssl dgst -sha512', `SHA2-512(a.iso)= ${B}`, [line('a.iso', B, 'sha-512')]],
  ['md5sum', `${MD5}  a.iso`, [line('a.iso', MD5, 'other')]],
  [
    'other tags',
    `MD5 (a) = ${MD5}\nBLAKE2b (a) = ${B}\nSHA3-256 (a) = ${A}\nSHA512/256 (a) = ${A}`,
    [line('a', MD5, 'other'), line('a', B, 'other', 2), line('a', A, 'other', 3), line('a', A, 'other', 4)],
  ],
  ['a tag with a digest of another length', `SHA256 (a) = ${B}`, [line('a', B, 'other')]],
]

for (const [name, text, lines] of rows)
  t.test(`a file of checksums is read: ${name}`, async (t) => {
    t.strictSame(readChecksumFile(text, 'SUMS'), { lines, isSigned: false })
  })

t.test('the armour of a clear signature is skipped, and that it is signed is said', async (t) => {
  const text = [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA256',
    'Hash: SHA512',
    '',
    `${A}  a.iso`,
    `- -----x`.replace('-----x', `# ${A}`),
    '-----BEGIN PGP SIGNATURE-----',
    'Comment: x',
    '',
    `${A}`,
    '=abcd',
    '-----END PGP SIGNATURE-----',
    `${A}  b.iso`,
  ]
  for (const end of ['\n', '\r\n'])
    t.strictSame(readChecksumFile(text.join(end), 'SUMS'), {
      lines: [line('a.iso', A, 'sha-256', 5), line('b.iso', A, 'sha-256', 13)],
      isSigned: true,
    })
})

t.test('what is not a file of checksums is refused with the line', async (t) => {
  for (const text of [
    '<!doctype html>',
    `${A}a.iso`,
    `${A}x`,
    `${A} `,
    'a.iso',
    `${A.slice(1)} x`.slice(40),
    `SHA256 a = ${A}`,
    `- ${A}  a`,
    `SHA256 () = ${A}`,
  ])
    t.throws(
      () => readChecksumFile(`\n${text}`, 'SUMS'),
      {
        code: 'ERR_DOWNLOAD_USAGE',
        message: 'SUMS:2: it is not a line of a file of checksums',
      },
      text,
    )
})

t.test('a long line is read in linear time', async (t) => {
  t.throws(() => readChecksumFile(`${A}${' '.repeat(500_000)}`, 'S'))
  t.throws(() => readChecksumFile(`SHA256 (${'(a) = '.repeat(100_000)}`, 'S'))
})
