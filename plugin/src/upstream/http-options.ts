import { type OptionRows, oneOf, wholeNumber } from '../option-row-types.ts'
import { isRepresentationField } from '../rules/application-fields.ts'
import { isFieldName } from '../rules/field-value.ts'
import type { OutgoingRequest } from './exchange.ts'
import { isRequestFields, type OutgoingHeaders, OWN_REQUEST_FIELDS } from './request-fields.ts'
import type { UpstreamSettings } from './upstream-settings.ts'

/** What can be set for every source of objects. */
export interface UpstreamOptions {
  /** More fields of every request to the store. They are secret: clients never see them. Default: none. */
  readonly headers?: OutgoingHeaders | undefined
  /** An object that the store forbids: a 404, or a 502 `ERR_RANGE_UPSTREAM`. Default `'absent'`. */
  readonly forbidden?: 'absent' | 'error' | undefined
  /**
   * Names of fields that the store keeps with an object, and that clients get too. Default `cache-control`,
   * `content-disposition`, `content-language` and `expires`.
   */
  readonly fields?: readonly string[] | undefined
  /** Connections to the store in use at a time. Default 64. */
  readonly maxConnections?: number | undefined
  /** Ms that an answer waits for a connection before it is a 503. Default 1000. */
  readonly queueTimeout?: number | undefined
  /** Ms for a new connection, with TLS. Default 5000. */
  readonly connectTimeout?: number | undefined
  /** Ms from a request to the head of its answer. Default 15000. */
  readonly responseTimeout?: number | undefined
  /** Ms without a byte after which a connection counts as broken. Default 15000. */
  readonly stallTimeout?: number | undefined
  /** Failures in a row, without a byte between them, after which an answer fails. Default 5. */
  readonly retries?: number | undefined
  /** Ms after which a client that does not read gives its connection to the store back. Default 3000. */
  readonly parkAfter?: number | undefined
}

/** What can be set for an `httpSource`. */
export interface HttpSourceOptions extends UpstreamOptions {
  /**
   * The URL of an object, by its path, which is checked: no segment is empty, `.` or `..`. Encode it: see `encodePath`.
   * Undefined: nothing is there (404). It is called for each answer, and once more if the store refuses the URL with 401
   * or 403, since a signed URL may have expired.
   */
  readonly url: (path: string) => string | URL | undefined | Promise<string | URL | undefined>
  /**
   * Fields to add to a request, such as `authorization`, from the request with its fields. It may return those too, but
   * the ones that say which bytes of which version are wanted stay as they are. It is called for each request. Default:
   * none.
   */
  readonly sign?: ((request: OutgoingRequest) => OutgoingHeaders | Promise<OutgoingHeaders>) | undefined
}

const MAX_TIMER_MS = 2 ** 31 - 1

function milliseconds(defaultValue: number, min: number): ReturnType<typeof wholeNumber> {
  return wholeNumber({ defaultValue, of: 'milliseconds', min, max: MAX_TIMER_MS })
}

/** The options of every source of objects, by their names. */
export const UPSTREAM_OPTION_TABLE: OptionRows<UpstreamSettings> = {
  headers: {
    defaultValue: {},
    isValid: isRequestFields,
    kind: `an object of field names and values, with none of ${OWN_REQUEST_FIELDS.join(', ')}`,
  },
  forbidden: oneOf('absent', 'error'),
  fields: {
    defaultValue: ['cache-control', 'content-disposition', 'content-language', 'expires'],
    isValid: isAnswerFieldNames,
    kind: 'an array of names of fields that say something about an object',
  },
  maxConnections: wholeNumber({ defaultValue: 64, of: 'connections', min: 1, max: 65_535 }),
  queueTimeout: milliseconds(1000, 0),
  connectTimeout: milliseconds(5000, 1),
  responseTimeout: milliseconds(15_000, 1),
  stallTimeout: milliseconds(15_000, 1),
  retries: wholeNumber({ defaultValue: 5, of: 'failures', min: 0, max: 100 }),
  parkAfter: milliseconds(3000, 0),
}

/** The options of an `httpSource`, by their names. */
export const HTTP_OPTION_TABLE: OptionRows<UpstreamSettings & Record<'url' | 'sign', unknown>> = {
  ...UPSTREAM_OPTION_TABLE,
  url: { defaultValue: undefined, isValid: isFunction, kind: 'a function' },
  sign: { defaultValue: undefined, isValid: isFunction, kind: 'a function' },
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function isAnswerFieldNames(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  return value.every(
    (name) => typeof name === 'string' && isFieldName(name) && isRepresentationField(name.toLowerCase()),
  )
}
