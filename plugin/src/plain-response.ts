import { ServerResponse } from 'node:http'

/**
 * Whether what is written into it goes to Node's own writing and nowhere else: memory that is used again must not end
 * up with a wrapper that keeps or delays it, with HTTP/2, or with the stand-in of `inject`.
 */
export function isPlainResponse(destination: NodeJS.WritableStream): destination is ServerResponse {
  return (
    destination instanceof ServerResponse &&
    destination.write === ServerResponse.prototype.write &&
    destination.end === ServerResponse.prototype.end
  )
}
