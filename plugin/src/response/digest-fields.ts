import { createHash } from 'node:crypto'
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
const HASH_NAMES = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const

/** Whether an answer may have a digest that its source has not brought. Most requests ask for none. */
export function wantsDigest({ headers }: FastifyRequest, { digest }: DigestSettings): boolean {
  if (digest === false) return false
  if (digest === 'always' || headers['want-repr-digest'] !== undefined) return true
  return headers['want-content-digest'] !== undefined
}

/**
 * The context of an answer with the Repr-Digest of its representation, if that is known: RFC 9530 §3, "computed by applying
 * a hashing algorithm to the entire selected representation data". It is the same for 200, 206, 304 and HEAD.
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

/**
 * Sets the Content-Digest of content that is in memory, if the request asks for it. RFC 9530 §2: it is "applied to the
 * actual message content", so that of a part is of the part, and that of several parts covers their heads too.
 */
export function setContentDigest(reply: FastifyReply, content: Uint8Array, { digest }: DigestSettings): void {
  const want = reply.request.headers['want-content-digest']
  if (digest === false || want === undefined || reply.hasHeader('content-digest')) return
  const algorithm = algorithmOf(want)
  if (algorithm === undefined) return
  const made = createHash(HASH_NAMES[algorithm]).update(content).digest('base64')
  addFields(reply, { 'content-digest': digestField(algorithm, made) })
}

/** Node joins the lines of a field that it does not know. */
function algorithmOf(want: string | string[] | undefined): DigestAlgorithm | undefined {
  return want === undefined ? undefined : preferredAlgorithm(String(want))
}
