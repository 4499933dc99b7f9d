import type { NamingConditions } from './named-version.ts'

/** The codings of files that are stored compressed beside a file. */
export type Precompression = 'zstd' | 'br' | 'gzip'

/** A form of a file: stored in a coding, or `identity`, the file itself. */
export type Coding = Precompression | 'identity'

/** What a request says about the codings that it takes, and about the version that it has a part of. */
export interface CodingRequest extends NamingConditions {
  /** The Accept-Encoding; undefined if the request has no such field. */
  readonly acceptEncoding: string | undefined
}

/** The codings that can be stored, the one that is preferred first. */
export const PRECOMPRESSIONS: readonly Precompression[] = ['zstd', 'br', 'gzip']

/** Below every weight that a client can give. */
const UNLISTED_IDENTITY_WEIGHT = 0.0001

/**
 * RFC 9110 §12.5.3: `codings [ weight ]`, and §12.4.2: `weight = OWS ";" OWS "q=" qvalue`, with at most three decimals.
 * Strings of ABNF ignore case.
 */
const MEMBER = /^[\t ]*([!#$%&'*+.^_`|~0-9a-z-]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[\t ]*$/i

/**
 * The forms of a file that a client takes, the best first, RFC 9110 §12.5.3. Of two with the same weight, the stored
 * codings come first, in the order of `stored`.
 *
 * @param field the Accept-Encoding; undefined if the request has none
 * @param stored the codings in which the file is there
 */
export function acceptedCodings(field: string | undefined, stored: readonly Precompression[]): Coding[] {
  // "If no Accept-Encoding header field is in the request, any content coding is considered acceptable by the user
  // agent." Such a client may not know that there are codings, so the file itself comes first.
  if (field === undefined) return ['identity', ...stored]
  const weights = weightsOf(field)
  const weighed = [...stored, 'identity' as const].map((coding) => ({
    coding,
    weight: weigh(coding, weights),
  }))
  return weighed
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ coding }) => coding)
}

function weigh(coding: Coding, weights: ReadonlyMap<string, number>): number {
  // "The asterisk "*" symbol in an Accept-Encoding field matches any available content coding not explicitly listed in
  // the field."
  const weight = weights.get(coding) ?? weights.get('*')
  if (weight !== undefined) return weight
  // "If the representation has no content coding, then it is acceptable by default unless specifically excluded by the
  // Accept-Encoding header field stating either "identity;q=0" or "*;q=0" without a more specific entry for "identity"."
  return coding === 'identity' ? UNLISTED_IDENTITY_WEIGHT : 0
}

/** The weight of each member. What is not a member lists nothing. A coding that is listed twice has the lower weight. */
function weightsOf(field: string): Map<string, number> {
  const weights = new Map<string, number>()
  for (const member of field.split(',')) {
    const [, name, weight = '1'] = MEMBER.exec(member) ?? []
    if (name === undefined) continue
    const coding = nameOf(name.toLowerCase())
    weights.set(coding, Math.min(Number(weight), weights.get(coding) ?? Number(weight)))
  }
  return weights
}

/** §8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"." */
function nameOf(coding: string): string {
  return coding === 'x-gzip' ? 'gzip' : coding
}
