import {
  LARGE_BYTES,
  LARGE_NAME,
  MANY_BYTES,
  MANY_FILES,
  MANY_NAME,
  SMALL_BYTES,
  SMALL_NAME,
} from './fixtures.ts'
import type { Ranges, Transport } from './load/protocol.ts'
import type { ContenderName } from './servers/contender.ts'

/** Our CPU time may be at most this many times that of another server. */
export interface Goal {
  readonly against: ContenderName
  readonly atMost: number
}

/** One kind of work for which servers are compared. */
export interface Work {
  readonly name: string
  readonly title: string
  readonly unit: 'request' | 'file'
  /** Default: HTTP/1.1 without TLS. */
  readonly transport?: Transport
  readonly path: string
  /** See `Load`. */
  readonly files?: number
  readonly connections: number
  readonly ranges: Ranges
  /** Whether requests name the current ETag in If-None-Match. */
  readonly condition: 'none' | 'if-none-match'
  readonly status: number
  /** Bytes of content. Undefined if it differs between servers, and is then found by a request in advance. */
  readonly length: number | undefined
  readonly contenders: readonly ContenderName[]
  readonly goals: readonly Goal[]
  readonly note?: string
}

const KIB = 1024
const MIB = 1024 * KIB
const MULTIPART: readonly ContenderName[] = ['ours', 'nginx', 'nginx-cache', 'go', 'caddy']
const SERVERS: readonly ContenderName[] = [...MULTIPART, 'static', 'node', 'apache', 'bun']
const ALL: readonly ContenderName[] = [...SERVERS, 'fixed']

const LARGE = { path: `/${LARGE_NAME}`, condition: 'none', unit: 'request' } as const
const SMALL = { path: `/${SMALL_NAME}`, unit: 'request' } as const
const FIRST_OF_FIXED = 512 * MIB

/** The goals against Debian's nginx as it comes: with its cache of open files it does not look at a file for a minute. */
const ofNginx = (atMost: number): readonly Goal[] => [{ against: 'nginx', atMost }]

export const works: readonly Work[] = [
  {
    ...LARGE,
    name: 'range-4',
    title: '4-byte range of a large file, one place',
    connections: 32,
    ranges: { kind: 'fixed', first: FIRST_OF_FIXED, length: 4 },
    status: 206,
    length: 4,
    contenders: ALL,
    goals: ofNginx(1.9),
  },
  {
    ...LARGE,
    name: 'range-4-random',
    title: '4-byte range of a large file, random places',
    connections: 32,
    ranges: { kind: 'random', length: 4, size: LARGE_BYTES },
    status: 206,
    length: 4,
    contenders: SERVERS,
    goals: ofNginx(2.5),
  },
  {
    ...SMALL,
    name: 'file-8k',
    title: 'whole 8 KiB file',
    connections: 32,
    ranges: { kind: 'none' },
    condition: 'none',
    status: 200,
    length: SMALL_BYTES,
    contenders: ALL,
    goals: ofNginx(1.9),
  },
  {
    name: 'files-4k',
    title: '1,000 files of 4 KiB, in turn',
    unit: 'request',
    path: `/${MANY_NAME}/`,
    files: MANY_FILES,
    connections: 32,
    ranges: { kind: 'none' },
    condition: 'none',
    status: 200,
    length: MANY_BYTES,
    contenders: SERVERS,
    goals: ofNginx(3),
  },
  {
    ...LARGE,
    name: 'range-64k',
    title: 'random 64 KiB ranges of 1 GiB',
    connections: 32,
    ranges: { kind: 'random', length: 64 * KIB, size: LARGE_BYTES },
    status: 206,
    length: 64 * KIB,
    contenders: SERVERS,
    goals: [...ofNginx(2.2), { against: 'go', atMost: 1 }],
  },
  {
    ...LARGE,
    name: 'range-1m',
    title: 'random 1 MiB ranges of 1 GiB',
    connections: 8,
    ranges: { kind: 'random', length: MIB, size: LARGE_BYTES },
    status: 206,
    length: MIB,
    contenders: SERVERS,
    goals: ofNginx(2),
  },
  {
    ...LARGE,
    name: 'file-1g',
    title: 'whole 1 GiB file',
    unit: 'file',
    connections: 1,
    ranges: { kind: 'none' },
    status: 200,
    length: LARGE_BYTES,
    contenders: SERVERS,
    goals: ofNginx(1),
  },
  {
    ...LARGE,
    name: 'multipart',
    title: '100 parts of 1 KiB in one multipart answer',
    connections: 8,
    ranges: { kind: 'parts', count: 100, length: KIB, size: LARGE_BYTES },
    status: 206,
    length: undefined,
    contenders: MULTIPART,
    goals: [],
    note: '@fastify/static, bare node:http and Bun answer several ranges with the whole file, and Apache in chunks without a length.',
  },
  {
    ...SMALL,
    name: 'not-modified',
    title: '304 on If-None-Match',
    connections: 32,
    ranges: { kind: 'none' },
    condition: 'if-none-match',
    status: 304,
    length: 0,
    contenders: ALL,
    goals: [{ against: 'node', atMost: 1.3 }],
  },
]

/** Throws if there is no work of that name. */
export function workNamed(name: string): Work {
  const work = works.find((candidate) => candidate.name === name)
  if (work === undefined) throw new Error(`There is no work '${name}'`)
  return work
}
