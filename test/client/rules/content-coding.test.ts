// Which Content-Encoding an answer may have, by the names of the file.
import t from 'tap'
import type { FileNames } from '#client/content/named-content.js'
import { unexpectedCoding } from '#client/rules/content-coding.js'

function names(url: string, more: Partial<FileNames> & { last?: string } = {}): FileNames {
  const { last = url, disposition = null, output = null } = more
  return { urls: [url, last], disposition, output }
}

t.test('a content coding is expected', async (t) => {
  const rows: [string, string | null, FileNames][] = [
    ['none', null, names('a')],
    ['identity', ' Identity ', names('a')],
    ['what a store has taken off', 'aws-chunked', names('a.bin')],
    ['what a store has taken off, and nothing', 'aws-chunked, identity', names('a.bin')],
    ['a trailing comma', 'aws-chunked,', names('a.bin')],
    ['a charset', 'UTF-8', names('a.txt')],
    ['a tarball', 'x-gzip', names('a.tar.gz')],
    ['a tarball that a store has kept', 'aws-chunked,gzip', names('a.tgz')],
    ['in capitals', 'GZIP', names('A.SVGZ')],
    ['by the last URL', 'gzip', names('latest', { last: 'a.tar.gz' })],
    ['by the disposition', 'gzip', names('latest', { disposition: 'a.gz' })],
    ['by the output', 'gzip', names('latest', { output: 'a.gz' })],
    ['compress', 'x-compress', names('a.Z')],
    ['brotli', 'br', names('a.js.br')],
    ['zstd', 'zstd', names('a.tar.zst')],
  ]
  for (const [name, field, row] of rows) t.equal(unexpectedCoding(field, row), null, name)
})

t.test('a content coding is not expected', async (t) => {
  const rows: [string, string, FileNames][] = [
    ['gzip', 'gzip', names('a.bin')],
    ['gzip after aws-chunked', 'aws-chunked, gzip', names('a.bin')],
    ['another coding than that of the name', 'br', names('a.gz')],
    ['a coding twice', 'gzip, gzip', names('a.gz')],
    ['an unknown one', 'exi', names('a.gz')],
    ['an extension in the middle', 'gzip', names('a.gz.sig')],
  ]
  for (const [name, field, row] of rows) t.equal(unexpectedCoding(field, row), field, name)
})
