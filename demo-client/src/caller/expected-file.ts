// What a caller knows about a file, read from the option `expected`. Pure.
import { DownloadError } from '../errors.ts'
import {
  type Expected,
  GIVEN_ALGORITHMS,
  type GivenAlgorithm,
  haveSize,
  type Pieces,
  parseGivenDigest,
} from '../rules/expected-file.ts'
import { itemsOf, reading, unawaited } from './check-arguments.ts'

/** The digests of the pieces of a file. All pieces have one length, except the last one, which may be shorter. */
export interface PieceDigests {
  /** The length of a piece, in bytes. */
  readonly length: number
  /** `'sha-1'` and `'md5'` only find damage. */
  readonly algorithm: 'sha-512' | 'sha-256' | 'sha-1' | 'md5'
  /** Of each piece, from the first one on, in hexadecimal or base64. */
  readonly digests: readonly string[]
}

/** What is known about a file before it is fetched, besides its `checksum`. */
export interface ExpectedFile {
  /** Its size in bytes. */
  readonly size?: number | undefined
  /**
   * More digests of the whole file: `sha-512=`, `sha-256=`, `sha-1=` or `md5=`, then hexadecimal digits or base64. The file
   * must have all of them. `sha-1` and `md5` only find damage.
   */
  readonly digests?: readonly string[] | undefined
  /** Those of its pieces. If the file is wrong, only the pieces that are wrong are fetched again. */
  readonly pieces?: PieceDigests | undefined
}

/** More pieces fit into no file that anybody downloads. */
const MAX_DIGESTS = 10_000_000

/** @throws DownloadError `ERR_DOWNLOAD_USAGE` */
export function expectedOf(given: unknown): Expected {
  const { size, digests, pieces } = read('expected', given, ['size', 'digests', 'pieces'])
  if (size !== undefined && !isCount(size, 0)) throw usage('expected.size must be a number of bytes')
  const known: Record<string, string> = {}
  for (const text of digests === undefined ? [] : texts('expected.digests', digests)) {
    const digest = parseGivenDigest(text)
    if (digest === null)
      throw usage(
        `expected.digests has "${text}"; write ${GIVEN_ALGORITHMS.join('=, ')}=, and then the digest`,
      )
    const [algorithm, value] = digest
    if ((known[algorithm] ?? value) !== value) throw usage(`expected.digests has two ${algorithm} digests`)
    known[algorithm] = value
  }
  const expected = {
    size: size ?? null,
    digests: known,
    pieces: pieces === undefined ? null : piecesOf(pieces),
  }
  const { size: total, pieces: all } = expected
  if (total !== null && all !== null && !haveSize(all, total))
    throw usage(
      `expected.pieces has ${all.digests.length} pieces of ${all.length} bytes, and size is ${total}`,
    )
  return expected
}

function piecesOf(given: unknown): Pieces {
  const { length, algorithm, digests } = read('expected.pieces', given, ['length', 'algorithm', 'digests'])
  if (!isCount(length, 1)) throw usage('expected.pieces.length must be a number of bytes, at least 1')
  const known: GivenAlgorithm | undefined = GIVEN_ALGORITHMS.find((each) => each === algorithm)
  if (known === undefined)
    throw usage(`expected.pieces.algorithm must be one of ${GIVEN_ALGORITHMS.join(', ')}`)
  const values = texts('expected.pieces.digests', digests).map((text, index) => {
    const value = parseGivenDigest(`${known}=${text}`)?.[1]
    if (value === undefined) throw usage(`expected.pieces.digests[${index}] is not a ${known} digest`)
    return value
  })
  return { length, algorithm: known, digests: values }
}

/** The properties of an object, each read once. */
function read(what: string, given: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof given !== 'object' || given === null) throw usage(`${what} must be an object`)
  const own = reading(what, () => Object.keys(unawaited(given)))
  const unknown = own.find((name) => !names.includes(name))
  if (unknown !== undefined) throw usage(`${what} has no property ${JSON.stringify(unknown)}`)
  return reading(what, () =>
    Object.fromEntries(names.map((name) => [name, unawaited(Reflect.get(given, name))])),
  )
}

function texts(what: string, given: unknown): readonly string[] {
  const items = reading(what, () =>
    Array.isArray(given) ? itemsOf(given as Iterable<unknown>, MAX_DIGESTS) : null,
  )
  const isText = (each: unknown): each is string => typeof each === 'string'
  if (items?.every(isText) !== true) throw usage(`${what} must be an array of strings`)
  return items
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
