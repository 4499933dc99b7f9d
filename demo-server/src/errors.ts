import createError from '@fastify/error'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'

const InternalError = createError('ERR_DEMO_INTERNAL', 'Something went wrong on the server', 500)

/** The error handler: what the client did wrong it is told, and when to come again; what went wrong here only the log is. */
export function hideInternalErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  if (error.statusCode !== undefined && error.statusCode !== 500) {
    reply.send(error)
    return
  }
  request.log.error(error)
  reply.send(new InternalError())
}
