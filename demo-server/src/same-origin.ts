import createError from '@fastify/error'
import type { FastifyRequest } from 'fastify'

const OtherOriginError = createError(
  'ERR_DEMO_ORIGIN',
  'Only the demo page itself may send this request',
  403,
)

/** A hook for routes that change something. It accepts only requests of our own page, by the Origin field. */
export async function refuseOtherOrigins(request: FastifyRequest): Promise<void> {
  const { origin } = request.headers
  if (origin !== undefined && origin !== `${request.protocol}://${request.host}`) throw new OtherOriginError()
}
