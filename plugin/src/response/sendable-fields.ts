import type { FastifyReply } from 'fastify'
import { SendRangeError } from '../errors.ts'
import { isFieldName, isFieldValue } from '../rules/field-value.ts'

/**
 * Checks the fields that the application has set on a reply. Node would refuse an invalid field while it writes the
 * head, so invalid fields are removed, and the error can be sent.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION`
 */
export function assertSendableFields(reply: FastifyReply): void {
  const fields = reply.getHeaders()
  const wrong = Object.keys(fields).filter((name) => !isFieldName(name) || !isSendable(fields[name]))
  if (wrong.length === 0) return
  for (const name of wrong) reply.removeHeader(name)
  throw new SendRangeError('ERR_RANGE_OPTION', 'A field that is set on the reply cannot be sent')
}

function isSendable(value: unknown): boolean {
  return Array.isArray(value)
    ? value.every((line) => isFieldValue(String(line)))
    : isFieldValue(String(value))
}
