// The programs that download, and how they are run.
import { CLI } from '../../support/cli.ts'
import { CURL_LIST_NAME, LIST_NAME } from './names.ts'

/** Where a file or a list of files is. */
export interface Source {
  /** The URL of a file, or the path of a list. */
  readonly url: string
  /** The certificate to trust, for https. */
  readonly cert: string
}

type Arguments = (source: Source, output: string) => readonly string[]

/** A program and how it is run. */
export interface Contender {
  readonly name: string
  readonly command: string
  readonly args: Arguments
  /** Where its output goes. `'pipe'`: to `wc -c`, which counts it. `'nowhere'`: it downloads nothing. Default `'file'`. */
  readonly to?: 'file' | 'folder' | 'pipe' | 'nowhere'
  /** `'flushed'` includes a sync of the file, for programs that do not sync it themselves. */
  readonly until: 'exit' | 'flushed'
}

/** range-get with this many connections. */
export const ours = (connections: number): Contender => ({
  name: `range-get -n ${connections}`,
  command: process.execPath,
  until: 'exit',
  args: ({ url }, output) => [CLI, '-q', '-n', String(connections), '-o', output, url],
})

/** curl with one connection. */
export const curl: Contender = {
  name: 'curl',
  command: 'curl',
  until: 'exit',
  args: ({ url }, output) => ['-s', '-o', output, url],
}

/** A fair comparison: range-get also syncs the file to disk before it ends. */
export const curlAndSync: Contender = { ...curl, name: 'curl, then sync of the file', until: 'flushed' }

/** wget with one connection. */
export const wget: Contender = {
  name: 'wget',
  command: 'wget',
  until: 'exit',
  args: ({ url }, output) => ['-q', '-O', output, url],
}

/** With -x alone, aria2c uses at most five connections, and only for pieces of 20 MiB. So -s is set too. */
export const aria2 = (connections: number): Contender => ({
  name: `aria2c -x${connections} -s${connections}`,
  command: 'aria2c',
  until: 'exit',
  args: ({ url }, output) => [
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
export const LISTS: readonly Contender[] = [
  {
    name: 'range-get -i',
    command: process.execPath,
    until: 'exit',
    to: 'folder',
    args: ({ url: list }, output) => [CLI, '-q', '-d', output, '-i', list],
  },
  {
    name: 'aria2c -i',
    command: 'aria2c',
    until: 'exit',
    to: 'folder',
    args: ({ url: list }, output) => ['-q', '-d', output, '-i', list],
  },
  {
    ...curl,
    name: 'curl -K',
    to: 'folder',
    args: ({ url: list }, output) => {
      const options = list.replace(LIST_NAME, CURL_LIST_NAME)
      return ['-s', '--remote-name-all', '--output-dir', output, '-K', options]
    },
  },
]

/** Each trusts the certificate of the server. */
export const SECURE: readonly Contender[] = [
  {
    ...ours(1),
    args: ({ url, cert }, output) => [CLI, '-q', '-n', '1', '--cacert', cert, '-o', output, url],
  },
  { ...curl, args: ({ url, cert }, output) => ['-s', '--cacert', cert, '-o', output, url] },
  {
    ...aria2(1),
    args: ({ url, cert }, output) => [
      '-q',
      '-x1',
      '-s1',
      `--ca-certificate=${cert}`,
      '-d',
      '/',
      '-o',
      output.slice(1),
      url,
    ],
  },
]

/** What every program in Node takes before its first line. */
export const NODE: Contender = {
  name: 'node itself',
  command: process.execPath,
  until: 'exit',
  to: 'nowhere',
  args: () => ['-e', '0'],
}

/** Each downloads to a pipe. */
export const PIPES: readonly Contender[] = [
  {
    ...ours(4),
    name: 'range-get -n 4 -o -',
    to: 'pipe',
    args: ({ url }) => [CLI, '-q', '-n', '4', '-o', '-', url],
  },
  { ...curl, to: 'pipe', args: ({ url }) => ['-s', url] },
]
