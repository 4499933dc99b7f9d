import { createHash } from 'node:crypto'
import t from 'tap'
import { type ListedFile, listedDigest } from '#plugin/rules/checksum-list.js'

const [A, B] = ['a', 'b'].map((text) => createHash('sha256').update(text).digest('hex')) as [string, string]
const LONG = createHash('sha512').update('a').digest('hex')
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

const LIST: ListedFile = { name: 'big.iso', digestBytes: 32, of: 'list' }
const ONE: ListedFile = { ...LIST, of: 'one file' }

interface Case {
  readonly text: string
  readonly file: ListedFile
  readonly want: string | undefined
}

const CASES: Readonly<Record<string, Case>> = {
  'the form of sha256sum': { text: `${B}  other\n${A}  big.iso\n`, file: LIST, want: A },
  'the form of sha256sum --binary': { text: `${A} *big.iso\n`, file: LIST, want: A },
  'the form of BSD': { text: `SHA256 (big.iso) = ${A}\n`, file: LIST, want: A },
  'the form of BSD, of the other algorithm': {
    text: `SHA512 (big.iso) = ${LONG}\n`,
    file: { ...LIST, digestBytes: 64 },
    want: LONG,
  },
  'the name of another algorithm': { text: `SHA512 (big.iso) = ${A}\n`, file: LIST, want: undefined },
  'the name of another algorithm, for one file': {
    text: `SHA512 (big.iso) = ${A}\n`,
    file: ONE,
    want: undefined,
  },
  'the names of both algorithms': {
    text: `SHA512 (big.iso) = ${LONG}\nSHA256 (big.iso) = ${A}\n`,
    file: LIST,
    want: A,
  },
  'capital letters': { text: `${A.toUpperCase()}  big.iso`, file: LIST, want: A },
  'line ends of Windows': { text: `${A}  big.iso\r\n${B}  c\r\n`, file: LIST, want: A },
  'a tab for the blanks': { text: `${A}\tbig.iso`, file: LIST, want: A },
  'a name below the folder': { text: `${A}  ./big.iso`, file: LIST, want: A },
  'the same line twice': { text: `${A}  big.iso\n${A}  ./big.iso`, file: LIST, want: A },
  'two digests for one name': { text: `${A}  big.iso\n${B}  big.iso`, file: LIST, want: undefined },
  'another folder': { text: `${A}  old/big.iso`, file: LIST, want: undefined },
  'another name': { text: `${A}  big.iso.gz\n${B}  a big.iso`, file: LIST, want: undefined },
  'no name': { text: A, file: LIST, want: undefined },
  'another algorithm': { text: `${LONG}  big.iso`, file: LIST, want: undefined },
  'the other algorithm': { text: `${LONG}  big.iso`, file: { ...LIST, digestBytes: 64 }, want: LONG },
  'both algorithms': { text: `${LONG}  big.iso\n${A}  big.iso`, file: LIST, want: A },
  'a digest that is cut off': { text: `${A.slice(1)}  big.iso`, file: LIST, want: undefined },
  'what is not hexadecimal': { text: `${A.slice(1)}g  big.iso`, file: LIST, want: undefined },
  'a comment before': { text: `# made today\n\n${A}  big.iso`, file: LIST, want: A },
  'an escaped name': { text: `\\${A}  big.iso`, file: LIST, want: undefined },
  nothing: { text: '', file: LIST, want: undefined },
  'a digest alone, for one file': { text: `${A}\n`, file: ONE, want: A },
  'a path, for one file': { text: `${A}  /home/me/big.iso`, file: ONE, want: A },
  'another name, for one file': { text: `${A}  old.iso`, file: ONE, want: undefined },
}

for (const [name, { text, file, want }] of Object.entries(CASES)) {
  t.test(`a list of checksums with ${name}`, async (t) => {
    t.equal(listedDigest(text, file), want === undefined ? undefined : base64(want))
  })
}

t.test('a list of checksums is read in linear time, whatever it has', async (t) => {
  const length = 100_000
  for (const [name, text] of Object.entries({
    'blanks before what is no name': `${A}${' '.repeat(length)}\r.`,
    'tabs before what is no name': `${A}${'\t'.repeat(length)}\u2028`,
    digits: `${'a'.repeat(length)}.`,
    'names within a name': `SHA256 (${') = a'.repeat(length / 5)}.`,
    'line ends': '\n'.repeat(length),
  })) {
    const begun = process.cpuUsage().user
    t.equal(listedDigest(text, LIST), undefined, name)
    t.ok(process.cpuUsage().user - begun < 2_000_000, `${name}: it takes less than 2 s`)
  }
})
