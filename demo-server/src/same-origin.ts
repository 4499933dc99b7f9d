import createError from '@fastify/error'
import type { FastifyRequest } from 'fastify'

const OtherOriginError = createError('ERR_DEMO_ORIGIN', 'Only the demo page itself may ask for this', 403)

/** A hook for routes that change something: a browser tells from which site a page asks, and only ours may. */
export async function refuseOtherOrigins(request: FastifyRequest): Promise<void> {
  const { origin } = request.headers
  if (origin !== undefined && origin !== `${request.protocol}://${request.host}`) throw new OtherOriginError()
}
