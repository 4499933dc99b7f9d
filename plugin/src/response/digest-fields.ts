import type { FastifyReply, FastifyRequest } from 'fastify'
import { type DigestAlgorithm, digestField, preferredAlgorithm } from '../rules/digest-algorithm.ts'
import { isDigested } from '../sources/digested.ts'
import { addFields } from './removable-fields.ts'
import { ownField, type ResponseContext } from './response-fields.ts'

/** The setting for digests. */
export interface DigestSettings {
  /** Digests only if the request asks for them, always a Repr-Digest, or none that is made here. */
  readonly digest: 'wanted' | 'always' | false
}

const DEFAULT_ALGORITHM = 'sha-256'

/** Whether an answer may have a digest that its source has not brought. Most requests ask for none. */
export function wantsDigest({ headers }: FastifyRequest, { digest }: DigestSettings): boolean {
  if (digest === false) return false
  if (digest === 'always' || headers['want-repr-digest'] !== undefined) return true
  return headers['want-content-digest'] !== undefined
}

/**
 * The context of an answer with the Repr-Digest of its representation, if that is known. RFC 9530 §3: it is made by "a
 * hashing algorithm applied to the entire selected representation data". So it is the same for 200, 206, 304 and HEAD.
 */
export async function withReprDigest(
  { headers }: FastifyRequest,
  context: ResponseContext,
  { digest }: DigestSettings,
): Promise<ResponseContext> {
  const algorithm =
    algorithmOf(headers['want-repr-digest']) ?? (digest === 'always' ? DEFAULT_ALGORITHM : undefined)
  const { representation, handlerFields, sourceFields } = context
  const isSet = handlerFields['repr-digest'] ?? ownField(context.headers, 'repr-digest')
  if (algorithm === undefined || isSet !== undefined) return context
  const given = sourceFields['repr-digest']
  if (given !== undefined) return { ...context, reprDigest: given }
  if (!isDigested(representation)) return context
  const made = await representation.digestOf(algorithm)
  return made === undefined ? context : { ...context, reprDigest: digestField(algorithm, made) }
}

/** The algorithm of the Content-Digest that a request asks for; undefined for none. */
export function contentAlgorithm(
  { headers }: FastifyRequest,
  { digest }: DigestSettings,
): DigestAlgorithm | undefined {
  return digest === false ? undefined : algorithmOf(headers['want-content-digest'])
}

/** Sets the Content-Digest of an answer, if it has none of the application. */
export function setContentDigest(reply: FastifyReply, field: string | undefined): void {
  if (field !== undefined && !reply.hasHeader('content-digest')) addFields(reply, { 'content-digest': field })
}

/** Node joins the lines of a field that it does not know. */
function algorithmOf(want: string | string[] | undefined): DigestAlgorithm | undefined {
  return want === undefined ? undefined : preferredAlgorithm(String(want))
}
