import type { SendRangeOptions } from './options.ts'
import { rangePlugin } from './range-plugin.ts'

export { SendRangeError, type SendRangeErrorCode, type SendRangeErrorDetails } from './errors.ts'
export { CHANNELS, type EndListener, type SendRangeEvent } from './events.ts'
export type { EtagFacts, EtagFunction } from './files/etag-function.ts'
export type { EtagPolicy, FileSourceOptions, PrecompressedOption } from './files/file-options.ts'
export { fileSource } from './files/file-source.ts'
export type { RangePluginOptions, SendRangeOptions } from './options.ts'
export { rangePlugin } from './range-plugin.ts'
export { type RangeRoutesOptions, rangeRoutes, type WildcardRoute } from './range-routes.ts'
export { type CorsOptions, corsOptions } from './response/cors.ts'
export type { NotFoundFunction } from './response/fall-through.ts'
export type { FileFacts, HeadersFunction } from './response/made-headers.ts'
export type { Precompression } from './rules/accept-encoding.ts'
export type { CacheControl } from './rules/cache-control.ts'
export type { HandOver } from './rules/hand-over.ts'
export type { ByteRange } from './rules/range-set.ts'
export type { Dotfiles } from './rules/resolve-path.ts'
export type { EncodedSlashes, TargetSpelling } from './rules/target-spelling.ts'
export type { Wanted } from './rules/wanted.ts'
export { type BufferSourceOptions, bufferSource } from './sources/buffer-source.ts'
export { firstOf } from './sources/first-of.ts'
export type {
  KnownVersion,
  OpenContext,
  PositionalRepresentation,
  RangeSource,
  Representation,
  RepresentationMetadata,
  StreamedRepresentation,
} from './sources/source.ts'

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers with a file, or with the ranges of it that the request asks for (RFC 9110 §14), after its conditions
     * (§13). A failure goes to Fastify's error handling as a {@link SendRangeError}. If the file does not exist, the
     * not-found handler answers. Return the reply from async handlers.
     *
     * @param path decoded, relative to the `root` option: pass `request.params['*']` as it is
     * @param options override those of the plugin for this response
     */
    sendRange(path: string, options?: SendRangeOptions): FastifyReply
  }
}

export default rangePlugin
