import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** Logs each request and its answer in one line, when the answer has ended. */
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

  /** A client that disconnects is normal. Video players do it all the time. */
  override streamError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
    const isHangUp = 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
    if (isHangUp) reply.log.info(fields(request, reply), `${summary(request, reply)}, broken off`)
    else reply.log.warn({ ...fields(request, reply), err: error }, `${summary(request, reply)}, failed`)
  }

  /** Client errors are in the line of the request. The error handler has logged the server's own errors. */
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
