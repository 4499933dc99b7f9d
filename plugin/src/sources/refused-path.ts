import { SendRangeError } from '../errors.ts'
import { describeRefusal, type Refusal } from '../rules/refusal.ts'

/** The error that a refusal ends in; undefined for a 404, which is the not-found handler's. */
export function refusalError(refusal: Refusal): SendRangeError | undefined {
  const { status } = describeRefusal(refusal)
  if (status === 400) return new SendRangeError('ERR_RANGE_PATH_INVALID', 'Invalid path')
  return status === 403 ? new SendRangeError('ERR_RANGE_PATH_FORBIDDEN', 'Forbidden') : undefined
}
