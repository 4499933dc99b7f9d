import createError from '@fastify/error'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

const InternalError = createError('ERR_DEMO_INTERNAL', 'Something went wrong on the server', 500)

/**
 * The error handler. The client gets every error except an internal one, which goes to the log only. So does the cause of
 * another error of the server: what a store has said is not for clients.
 */
export function hideInternalErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.statusCode !== undefined && error.statusCode !== 500) {
    if (error.statusCode > 500 && error.cause !== undefined) request.log.warn(error)
    reply.send(error)
    return
  }
  request.log.error(error)
  reply.send(new InternalError())
}
