import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** Logs each request in one line, when its answer has ended: what was asked and what was given. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    if (error) this.streamError(error, request, reply)
    else reply.log.info(fields(request, reply), summary(request, reply))
  }

  /** A client that goes away is nothing unusual: players and readers of ranges do it all the time. */
  override streamError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    const isHangUp = 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
    if (isHangUp) reply.log.info(fields(request, reply), `${summary(request, reply)}, broken off`)
    else reply.log.warn({ ...fields(request, reply), err: error }, `${summary(request, reply)}, failed`)
  }

  /** The request's line tells what its client did wrong; what went wrong here the error handler has logged. */
  override defaultErrorLog(): void {}

  override routeNotFound(): void {}
}

function fields(req: FastifyRequest, res: FastifyReply): object {
  return { req, res, responseTime: res.elapsedTime }
}

function summary({ method, url, headers }: FastifyRequest, reply: FastifyReply): string {
  const asked = [method, url, headers.range, headers['if-range'] && 'if unchanged'].filter(Boolean).join(' ')
  const given = [reply.statusCode, reply.getHeader('content-range')].filter(Boolean).join(' ')
  return `${asked}: ${given}`
}
