// What is downloaded, and by which programs.
import { CLI } from '../../support/cli.ts'
import { LARGE_BYTES, LARGE_NAME } from '../fixtures.ts'

type Arguments = (url: string, output: string) => readonly string[]

/** A program and how it is run. */
export interface Contender {
  readonly name: string
  readonly command: string
  readonly args: Arguments
  /** Where its output goes. `'pipe'`: to `wc -c`, which counts it. Default `'file'`. */
  readonly to?: 'file' | 'folder' | 'pipe'
  /** `'flushed'` includes a sync of the file, for programs that do not sync it themselves. */
  readonly until: 'exit' | 'flushed'
}

/** A file, or a list of files, and who downloads it. */
export interface Work {
  readonly name: string
  readonly file: string
  readonly bytes: number
  readonly line: 'direct' | 'capped'
  readonly contenders: readonly Contender[]
}

/** The names of the files, beside the large one. */
export const CAPPED_NAME = 'capped.bin'
export const FOUR_NAME = 'four.bin'
/** A list with the URLs of small files. */
export const LIST_NAME = 'list.txt'
export const SMALL_FOLDER = 'small'
export const SMALL_FILES = 200
export const SMALL_BYTES = 64 * 1024
export const CAPPED_BYTES = 128 * 1024 ** 2
const ours = (connections: number): Contender => ({
  name: `range-get -n ${connections}`,
  command: process.execPath,
  until: 'exit',
  args: (url, output) => [CLI, '-q', '-n', String(connections), '-o', output, url],
})

const curl: Contender = {
  name: 'curl',
  command: 'curl',
  until: 'exit',
  args: (url, output) => ['-s', '-o', output, url],
}

/** A fair comparison: range-get also syncs the file to disk before it ends. */
const curlAndSync: Contender = { ...curl, name: 'curl, then sync of the file', until: 'flushed' }

const wget: Contender = {
  name: 'wget',
  command: 'wget',
  until: 'exit',
  args: (url, output) => ['-q', '-O', output, url],
}

/** With -x alone, aria2c uses at most five connections, and only for pieces of 20 MiB. So -s is set too. */
const aria2 = (connections: number): Contender => ({
  name: `aria2c -x${connections} -s${connections}`,
  command: 'aria2c',
  until: 'exit',
  args: (url, output) => [
    '-q',
    `-x${connections}`,
    `-s${connections}`,
    '-k1M',
    '-d',
    '/',
    '-o',
    output.slice(1),
    url,
  ],
})

/** Each downloads the files of a list into the folder `output`. */
const LISTS: readonly Contender[] = [
  {
    name: 'range-get -i',
    command: process.execPath,
    until: 'exit',
    to: 'folder',
    args: (list, output) => [CLI, '-q', '-d', output, '-i', list],
  },
  {
    name: 'aria2c -i',
    command: 'aria2c',
    until: 'exit',
    to: 'folder',
    args: (list, output) => ['-q', '-d', output, '-i', list],
  },
]

const PIPES: readonly Contender[] = [
  {
    ...ours(4),
    name: 'range-get -n 4 -o -',
    to: 'pipe',
    args: (url) => [CLI, '-q', '-n', '4', '-o', '-', url],
  },
  { ...curl, to: 'pipe', args: (url) => ['-s', url] },
]

const LARGE = { file: LARGE_NAME, bytes: LARGE_BYTES, line: 'direct' } as const

/** All of them. */
export const WORKS: readonly Work[] = [
  { name: '1 GiB, one connection', ...LARGE, contenders: [ours(1), curl, curlAndSync, wget] },
  { name: '1 GiB, four connections', ...LARGE, contenders: [ours(4), aria2(4)] },
  {
    name: '128 MiB, eight connections of 4 MB/s and 50 ms',
    file: CAPPED_NAME,
    bytes: CAPPED_BYTES,
    line: 'capped',
    contenders: [ours(8), aria2(8)],
  },
  { name: '1 GiB to a pipe', ...LARGE, contenders: PIPES },
  {
    name: `${SMALL_FILES} files of 64 KiB`,
    file: LIST_NAME,
    bytes: SMALL_FILES * SMALL_BYTES,
    line: 'direct',
    contenders: LISTS,
  },
  { name: '4 bytes', file: FOUR_NAME, bytes: 4, line: 'direct', contenders: [ours(1), curl, wget, aria2(1)] },
]
