// What is downloaded, and by which programs.
import { LARGE_BYTES, LARGE_NAME } from '../fixtures.ts'
import { CAPPED_BYTES, CAPPED_NAME, FOUR_NAME, LIST_NAME, SMALL_BYTES, SMALL_FILES } from './names.ts'
import {
  aria2,
  type Contender,
  curl,
  curlAndSync,
  LISTS,
  NODE,
  ours,
  PIPES,
  SECURE,
  wget,
} from './programs.ts'

/** A file, or a list of files, and who downloads it. */
export interface Work {
  readonly section: string
  readonly name: string
  readonly file: string
  readonly bytes: number
  readonly line: 'direct' | 'capped' | 'tls'
  readonly contenders: readonly Contender[]
}

const LARGE = { file: LARGE_NAME, bytes: LARGE_BYTES, line: 'direct' } as const

/** The titles of the tables, by their sections. */
export const TITLES: Readonly<Record<string, string>> = {
  client: 'Downloads to a file',
  'client-slow': 'Downloads over a slow line',
  'client-more': 'Downloads over TLS, to a pipe and of small files',
}
/** The sections of downloads. */
export const downloadSections: readonly string[] = Object.keys(TITLES)

/** All of them. */
export const WORKS: readonly Work[] = [
  {
    section: 'client',
    name: '1 GiB, one connection',
    ...LARGE,
    contenders: [ours(1), curl, curlAndSync, wget, aria2(1)],
  },
  { section: 'client', name: '1 GiB, four connections', ...LARGE, contenders: [ours(4), aria2(4)] },
  {
    section: 'client-slow',
    name: '128 MiB, eight connections of 4 MB/s and 50 ms',
    file: CAPPED_NAME,
    bytes: CAPPED_BYTES,
    line: 'capped',
    contenders: [ours(8), aria2(8)],
  },
  {
    section: 'client-more',
    name: 'TLS, 1 GiB, one connection',
    ...LARGE,
    line: 'tls',
    contenders: SECURE,
  },
  { section: 'client-more', name: '1 GiB to a pipe', ...LARGE, contenders: PIPES },
  {
    section: 'client-more',
    name: `${SMALL_FILES} files of 64 KiB`,
    file: LIST_NAME,
    bytes: SMALL_FILES * SMALL_BYTES,
    line: 'direct',
    contenders: LISTS,
  },
  {
    section: 'client-more',
    name: '4 bytes',
    file: FOUR_NAME,
    bytes: 4,
    line: 'direct',
    contenders: [ours(1), NODE, curl, wget, aria2(1)],
  },
]
