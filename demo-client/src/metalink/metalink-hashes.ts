// The hashes in a Metalink: those of whole files, and those of their pieces. Pure.
import { digestValue } from '../rules/checksum.ts'
import type { Digests } from '../rules/digest.ts'
import {
  GIVEN_ALGORITHMS,
  type GivenAlgorithm,
  haveSize,
  isProof,
  type Pieces,
} from '../rules/expected-file.ts'
import { usage } from './document-fault.ts'
import { attributeOf, childrenNamed, type Element, textOf } from './xml-elements.ts'

/**
 * The hashes of the whole file, by algorithm in padded base64. Those of algorithms that are not known here are ignored.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if one is not a hash, or if two of one algorithm differ
 */
export function hashesOf(file: Element): Digests {
  const digests: Record<string, string> = {}
  for (const hash of childrenNamed(file, 'hash')) {
    const algorithm = algorithmNamed(attributeOf(hash, 'type'))
    if (algorithm === null) continue
    const value = hashIn(hash, algorithm)
    if ((digests[algorithm] ?? value) !== value) throw usage(`it has two ${algorithm} hashes`)
    digests[algorithm] = value
  }
  return digests
}

/** The strongest hash that proves something, as the option `checksum` of `download()`; and the others. */
export function splitDigests(digests: Digests): {
  readonly checksum: string | null
  readonly others: readonly string[]
} {
  const known = GIVEN_ALGORITHMS.filter((algorithm) => digests[algorithm] !== undefined)
  const best = known.find(isProof)
  const written = (algorithm: GivenAlgorithm): string => `${algorithm}=${digests[algorithm]}`
  const others = known.filter((algorithm) => algorithm !== best).map(written)
  return { checksum: best === undefined ? null : written(best), others }
}

/**
 * The strongest list of hashes of pieces, or null.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` if it is not one, or cannot be of a file of `size` bytes
 */
export function piecesOf(file: Element, size: number | null): Pieces | null {
  const lists = new Map<GivenAlgorithm, Element>()
  for (const pieces of childrenNamed(file, 'pieces')) {
    const algorithm = algorithmNamed(attributeOf(pieces, 'type'))
    if (algorithm === null) continue
    if (lists.has(algorithm)) throw usage(`it has two lists of ${algorithm} pieces`)
    lists.set(algorithm, pieces)
  }
  const [best] = GIVEN_ALGORITHMS.flatMap((algorithm) => {
    const list = lists.get(algorithm)
    return list === undefined ? [] : [{ algorithm, list }]
  })
  if (best === undefined) return null
  const { algorithm, list } = best
  const length = wholeNumber(attributeOf(list, 'length') ?? '')
  if (length === null || length === 0) throw usage('the length of its pieces is not a number of bytes')
  const pieces = {
    algorithm,
    length,
    digests: childrenNamed(list, 'hash').map((hash) => hashIn(hash, algorithm)),
  }
  if (size !== null && !haveSize(pieces, size))
    throw usage(`it has ${size} bytes, which are not ${pieces.digests.length} pieces of ${length}`)
  return pieces
}

/** The number that a text of digits means; null for any other text, and for one that is too large. */
export function wholeNumber(text: string): number | null {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(value) ? value : null
}

/** By the names of IANA's registry, such as `sha-256`. Some tools write `sha256`. */
function algorithmNamed(type: string | null): GivenAlgorithm | null {
  const name = (type ?? '')
    .trim()
    .toLowerCase()
    .replace(/^sha(?=\d)/, 'sha-')
  return GIVEN_ALGORITHMS.find((each) => each === name) ?? null
}

function hashIn(hash: Element, algorithm: GivenAlgorithm): string {
  const text = textOf(hash)
  // RFC 5854 §4.2.4: hashes are in hexadecimal.
  const value = /^[0-9a-f]+$/i.test(text) ? digestValue(text, algorithm) : null
  if (value === null)
    throw usage(`it has a hash that is not a ${algorithm}: ${JSON.stringify(text.slice(0, 200))}`)
  return value
}
