import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { SendRangeError } from '../errors.ts'

interface AddedFields {
  readonly values: Map<string, unknown>
  /** The error that they belong to. */
  readonly error: SendRangeError | undefined
}

/** Fields of options and of errors that were added to a reply. */
const fieldsOf = new WeakMap<FastifyReply, AddedFields>()

/**
 * Adds fields to a reply so that {@link removeAddedFields} finds them. They may be any, also one that has caches keep
 * an answer.
 *
 * @param error the error that they belong to
 */
export function addFields(
  reply: FastifyReply,
  fields: Readonly<Record<string, string>>,
  error?: SendRangeError,
): void {
  const known = fieldsOf.get(reply)
  const values = known !== undefined && known.error === error ? known.values : new Map<string, unknown>()
  fieldsOf.set(reply, { values, error })
  for (const [name, value] of Object.entries(fields)) {
    reply.header(name, value)
    values.set(name, value)
  }
}

/** Removes these fields, except those that the application has changed since. */
export function removeAddedFields(reply: FastifyReply): void {
  const own = fieldsOf.get(reply)
  if (own === undefined) return
  fieldsOf.delete(reply)
  for (const [name, value] of own.values) {
    if (reply.getHeader(name) !== value) continue
    reply.removeHeader(name)
    if (!isHeadSent(reply.raw)) reply.raw.removeHeader(name)
  }
}

/** The same if the answer is not the error that they belong to, or has another status. */
export function removeFieldsOfOtherError(reply: FastifyReply, payload: unknown): void {
  const error = fieldsOf.get(reply)?.error
  if (error === undefined || error === payload) return
  if (payload instanceof Error || reply.statusCode !== error.statusCode) removeAddedFields(reply)
}
