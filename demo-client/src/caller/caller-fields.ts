// The header fields from the caller, in any form that fetch() accepts. Pure.
import { DownloadError } from '../errors.ts'
import { itemsOf, reading, unawaited } from './check-arguments.ts'

/** Header fields as fetch() accepts them: a record, or pairs of name and value, such as those of a Headers or Map. */
export type CallerFields = Readonly<Record<string, string>> | Iterable<readonly [string, string]>

/** No server accepts more. This also ends an endless iterator. */
const MAX_FIELDS = 10_000

/**
 * Fields that this program must set itself, or that would change the meaning of an answer. Fields for a proxy would go
 * through its tunnel to the server. A user and password belong in the proxy's URL.
 */
const RESERVED =
  /^(?:range|if-.*|accept-encoding|host|content-length|transfer-encoding|expect|want-(?:repr|content)-digest|proxy-.*)$/

/**
 * Fields for the next hop. RFC 9110 §7.6.1: "When a field aside from Connection is used to supply control information for
 * or about the current connection, the sender MUST list the corresponding field name within the Connection header field",
 * which node:http writes. Trailer announces fields after a body, and a GET has no body here (§6.6.2).
 */
const OF_THE_CONNECTION = /^(?:connection|keep-alive|te|trailer|upgrade|http2-settings)$/

/** Request fields that have one value by definition. */
const SINGLE: ReadonlySet<string> = new Set([
  'access-control-request-method',
  'authorization',
  'content-location',
  'content-type',
  'date',
  'dnt',
  'from',
  'last-event-id',
  'max-forwards',
  'origin',
  'referer',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'upgrade-insecure-requests',
  'user-agent',
])

/**
 * The fields by their names in lower case, each with one value.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` for anything but a field, for a field that the caller must not set, and for a
 * field of one value that is given twice
 */
export function fieldsOf(given: CallerFields): Readonly<Record<string, string>> {
  const fields = new Map<string, string>()
  for (const [name, value] of pairsOf(given)) {
    const lower = name.toLowerCase()
    const before = fields.get(lower)
    fields.set(lower, before === undefined ? value : joined(lower, before, value))
  }
  return Object.fromEntries(fields)
}

/**
 * RFC 9110 §5.3: "a sender MUST NOT generate multiple field lines with the same name in a message (whether in the
 * headers or trailers) or append a field line when a field line of the same name already exists in the message,
 * unless that field's definition allows multiple field line values to be recombined as a comma-separated list".
 */
function joined(name: string, before: string, value: string): string {
  if (SINGLE.has(name)) throw usage(`the header field ${name} has one value, but was given twice`)
  // RFC 6265 §5.4: "the user agent MUST NOT attach more than one Cookie header field"; its pairs are joined by "; ".
  const separator = name === 'cookie' ? '; ' : ', '
  return [before, value].filter((part) => part !== '').join(separator)
}

function pairsOf(given: unknown): readonly (readonly [string, string])[] {
  const pairs = reading('headers', () => copyOf(given))
  if (pairs === null) throw wrongForm()
  return pairs.map(checked)
}

/** A copy of the pairs, with null in place of anything but a pair; null if `given` is neither iterable nor a record. */
function copyOf(given: unknown): (readonly unknown[] | null)[] | null {
  if (typeof given !== 'object' || given === null) return null
  const pairs = Symbol.iterator in given ? itemsOf(given as Iterable<unknown>, MAX_FIELDS) : entriesOf(given)
  return (
    pairs?.map((pair): readonly unknown[] | null => (Array.isArray(pair) ? itemsOf(pair, 3) : null)) ?? null
  )
}

/** The properties of a record; null for another object, whose fields may be elsewhere. */
function entriesOf(given: object): unknown[] | null {
  const prototype: unknown = Object.getPrototypeOf(given)
  const isRecord = prototype === null || Object.getPrototypeOf(prototype) === null
  return isRecord && Object.getOwnPropertySymbols(given).length === 0
    ? Object.entries(given).map(([name, value]) => [name, unawaited(value)])
    : null
}

function checked(pair: readonly unknown[] | null): readonly [string, string] {
  if (pair?.length !== 2) throw wrongForm()
  const [name, value] = pair
  if (typeof name !== 'string') throw wrongForm()
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw usage(`not a header field name: ${JSON.stringify(name)}`)
  // Blanks around a value do not belong to it (RFC 9110 §5.5).
  const text = typeof value === 'string' ? value.replace(/^[\t ]+|[\t ]+$/g, '') : null
  if (text === null || /[^\t\x20-\x7e\x80-\xff]/.test(text))
    throw usage(`not a value for the header field ${name}`)
  const lower = name.toLowerCase()
  if (RESERVED.test(lower) || OF_THE_CONNECTION.test(lower))
    throw usage(`the header field ${name} is not for the caller to set`)
  return [name, text]
}

function wrongForm(): DownloadError {
  return usage('headers must be a record, or pairs of a name and a value')
}

function usage(message: string): DownloadError {
  return new DownloadError('ERR_DOWNLOAD_USAGE', message)
}
