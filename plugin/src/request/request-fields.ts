import type { FastifyRequest } from 'fastify'
import type { CodingRequest } from '../rules/accept-encoding.ts'
import type { RangeRequest } from '../rules/decision.ts'

/** An If-Range that came twice is read as this. It is not a validator, so the range does not apply. */
const NO_VALIDATOR = ''

/** Reads the fields for conditions and ranges of a request. */
export function rangeRequestOf(request: FastifyRequest): RangeRequest {
  const { headers } = request
  const ifRange = headers['if-range']
  return {
    method: request.method,
    range: onlyLine(request, 'range', headers.range),
    conditions: {
      // Lists: several lines are one list (RFC 9110 §5.3), and Node has joined them.
      ifMatch: headers['if-match'],
      ifNoneMatch: headers['if-none-match'],
      ifModifiedSince: onlyLine(request, 'if-modified-since', headers['if-modified-since']),
      ifUnmodifiedSince: onlyLine(request, 'if-unmodified-since', headers['if-unmodified-since']),
      ifRange:
        ifRange === undefined ? undefined : (onlyLine(request, 'if-range', first(ifRange)) ?? NO_VALIDATOR),
    },
  }
}

/** Reads the fields for the choice between codings of a request. */
export function codingRequestOf(request: FastifyRequest): CodingRequest {
  const { ifRange, ifMatch } = rangeRequestOf(request).conditions
  // A list: several lines are one list (RFC 9110 §5.3), and Node has joined them.
  return { acceptEncoding: request.headers['accept-encoding'], ifRange, ifMatch }
}

/** Whether a hook may compress the answer: only if the client has sent Accept-Encoding (RFC 9110 §12.5.3). */
export function mayBeEncoded(request: FastifyRequest): boolean {
  const encodings = request.headers['accept-encoding']
  return encodings !== undefined && encodings !== 'identity'
}

function first(value: string | string[]): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/**
 * The value of a field that must not come twice, RFC 9110 §5.3. Undefined if it came in several lines: Node joins or
 * drops them, and the client has sent neither.
 */
function onlyLine(request: FastifyRequest, name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const { rawHeaders } = request.raw
  let lines = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at]
    if (raw !== undefined && raw.length === name.length && raw.toLowerCase() === name) lines++
  }
  return lines > 1 ? undefined : value
}
