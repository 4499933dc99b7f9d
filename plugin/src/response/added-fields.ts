import type { FastifyReply } from 'fastify'
import { isHeadSent } from '../connection/head-sent.ts'
import type { SendRangeError } from '../errors.ts'

interface AddedFields {
  readonly values: Map<string, unknown>
  /** The error that they go with. */
  readonly error: SendRangeError | undefined
}

/** Fields of the options and of errors that we have put on a reply. */
const fieldsOf = new WeakMap<FastifyReply, AddedFields>()

/**
 * Puts fields on a reply that {@link removeAddedFields} finds again: they can be any, such as one that has caches keep an answer.
 *
 * @param error the error that they go with
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

/** Takes the fields off again, except those that somebody else has set since. */
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

/** The same where something else is answered than the error that they go with, or something that does not have its status. */
export function removeFieldsOfOtherError(reply: FastifyReply, payload: unknown): void {
  const error = fieldsOf.get(reply)?.error
  if (error === undefined || error === payload) return
  if (payload instanceof Error || reply.statusCode !== error.statusCode) removeAddedFields(reply)
}
