import { foreignFailure } from '../foreign-failure.ts'
import { checkedOptions, wrongOption } from '../option-checks.ts'
import { defaultsOf, type Given } from '../option-row-types.ts'
import { ownProperties } from '../own-properties.ts'
import type { RangeSource } from '../sources/source.ts'
import type { OutgoingRequest } from './exchange.ts'
import { HTTP_OPTION_TABLE, type HttpSourceOptions, UPSTREAM_OPTION_TABLE } from './http-options.ts'
import { type OutgoingHeaders, withSignature } from './request-fields.ts'
import { upstreamFailure } from './upstream-errors.ts'
import type { RequestForm, UpstreamSettings } from './upstream-settings.ts'
import { upstreamSource } from './upstream-source.ts'

/**
 * A source of what another HTTP server has: an object store with signed URLs, Azure with a SAS token, or any origin that
 * knows ranges. Make it once, not in each request, since it keeps connections.
 *
 * The other server is sent plain ranged GETs only. Conditions, multipart answers and 416 are decided here. All bytes of an
 * answer are of one version. Redirects are not followed.
 *
 * @example
 * const source = httpSource({ url: (path) => `https://files.example.org/${encodePath(path)}` })
 * fastify.get('/files/*', (request, reply) => reply.sendRange(request.params['*'], { source }))
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` for an option of the wrong kind or an unknown one
 */
export function httpSource(options: HttpSourceOptions): RangeSource {
  const { url, sign, ...given }: Given<HttpSourceOptions> = checkedOptions(
    options,
    HTTP_OPTION_TABLE,
    () => true,
  )
  if (url === undefined) throw wrongOption("The option 'url' must be a function")
  const form: RequestForm = {
    locate: async (path) => locationOf(await url(path)),
    sign: async (request) => signedBy(sign, request),
    namesVersions: false,
    withoutAcceptRanges: 'none',
    withoutTag: 'served',
  }
  return upstreamSource(upstreamSettings(given), form)
}

/** The settings of a source, complete. */
export function upstreamSettings(given: Partial<UpstreamSettings>): UpstreamSettings {
  const settings = ownProperties({ ...defaultsOf<UpstreamSettings>(UPSTREAM_OPTION_TABLE), ...given })
  const headers = Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value])
  return { ...settings, headers: Object.fromEntries(headers), fields: [...settings.fields] }
}

/** A segment of a path that a URL has no more once it is parsed: it leads to another folder. */
const DOT_SEGMENT = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i

/** A URL may be wrong in a way that shows secrets, such as a signature: no message has it. */
function locationOf(given: unknown): URL | undefined {
  if (given === undefined) return undefined
  const text = given instanceof URL ? given.href : given
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (typeof text !== 'string' || (url?.protocol !== 'http:' && url?.protocol !== 'https:'))
    throw upstreamFailure(new Error("the option 'url' returned something that is not an http: or https: URL"))
  if (DOT_SEGMENT.test(pathIn(text)))
    throw upstreamFailure(new Error("the option 'url' returned a URL with dot segments: see encodePath"))
  if (url !== undefined && !isEncoded(`${url.username}${url.password}`))
    throw upstreamFailure(new Error("the option 'url' returned a URL with a password that is not encoded"))
  return url
}

/** Node decodes a name and a password, which the parser of URLs takes as they are. */
function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** The text of a URL before its query. The parser ignores tabs and line breaks. */
function pathIn(text: string): string {
  return text.replace(/[\t\n\r]/g, '').split(/[?#]/, 1)[0] ?? ''
}

async function signedBy(sign: HttpSourceOptions['sign'], request: OutgoingRequest): Promise<OutgoingHeaders> {
  const { headers } = request
  if (sign === undefined) return headers
  let signature: unknown
  try {
    signature = await sign({ ...request, url: new URL(request.url), headers: { ...headers } })
  } catch (thrown) {
    throw foreignFailure('ERR_RANGE_SOURCE', 'The signing of a request', thrown)
  }
  return withSignature(headers, signature)
}
