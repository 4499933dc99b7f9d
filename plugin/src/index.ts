import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { SendRangeError } from './errors.ts'
import { FileOpener } from './files/file-source.ts'
import { type FileStore, fileStore } from './files/file-store.ts'
import { noteErrorHandling } from './guards/replacement.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import { ignoreRejectionsOf } from './option-checks.ts'
import type { RangePluginOptions, SendRangeOptions, Settings } from './options.ts'
import { type Registration, registrationOf, setRegistration } from './registration.ts'
import { rememberTargets } from './request/received-target.ts'
import { fail } from './response/failed-answer.ts'
import { ReplyClaim } from './response/reply-claim.ts'
import { guardSend } from './response/send-guard.ts'
import { hasSendHooks } from './send-hooks.ts'
import { type Call, sendRange } from './send-range.ts'
import { callSettings, registrationSettings } from './settings.ts'
import { type Opener, openerOf } from './sources/opener.ts'

export { SendRangeError, type SendRangeErrorCode, type SendRangeErrorDetails } from './errors.ts'
export { CHANNELS, type SendRangeEvent } from './events.ts'
export type { EtagFacts, EtagFunction } from './files/etag-function.ts'
export type { EtagPolicy, FileSourceOptions } from './files/file-options.ts'
export { fileSource } from './files/file-source.ts'
export type { RangePluginOptions, SendRangeOptions } from './options.ts'
export { type CorsOptions, corsOptions } from './response/cors.ts'
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

const register: FastifyPluginAsync<RangePluginOptions> = async (fastify, options) => {
  const settings = registrationSettings(options)
  const store = fileStore(settings.maxOpenFiles)
  const opener = openerFor(settings, store)
  await opener.check(fastify.log)
  const registration: Registration = { settings, store, hasSendHooks: true }
  setRegistration(fastify, registration)
  rememberTargets()
  fastify.addHook('onReady', async () => {
    registration.hasSendHooks = hasSendHooks(fastify)
  })
  // If an answer fails before its head is sent, the error handlers answer.
  fastify.addHook('onError', (_request, reply, error, done) => {
    ReplyClaim.cutRefused(reply, error)
    noteErrorHandling(reply)
    ReplyClaim.release(reply)
    done()
  })
  fastify.addHook('onClose', async () => {
    store.cache.clear()
    opener.closeKept()
  })
  if (fastify.hasReplyDecorator('sendRange')) return
  fastify.decorateReply('sendRange', decorator)
  guardSend(fastify)
}

/** The source of the settings. Without one, it is files, by the settings of the registration or of a call. */
function openerFor(settings: Settings, store: FileStore): Opener {
  return settings.source === undefined ? new FileOpener(settings, store) : openerOf(settings.source)
}

function decorator(this: FastifyReply, path: string, options?: SendRangeOptions): FastifyReply {
  ignoreRejection(path)
  const claim = ReplyClaim.take(this)
  if (claim === undefined) {
    ignoreRejectionsOf(options)
    return this
  }
  try {
    void sendRange(this, { claim, ...callOf(this, path, options) })
  } catch (error) {
    // Not thrown: in a callback of the application, nothing would catch it.
    fail(this, claim, error)
  }
  return this
}

/** Throws `ERR_RANGE_OPTION`. */
function callOf(reply: FastifyReply, path: unknown, options: unknown): Omit<Call, 'claim'> {
  const registration = registrationOf(reply.server)
  const { store } = registration
  const settings =
    options === undefined ? registration.settings : callSettings(registration.settings, options)
  if (typeof path !== 'string') throw new SendRangeError('ERR_RANGE_OPTION', 'The path must be a string')
  const opener = openerFor(settings, store)
  return { path, settings, opener, hasSendHooks: registration.hasSendHooks }
}

/** The plugin: `await fastify.register(rangePlugin, { root: '/srv/files' })`. Throws `ERR_RANGE_OPTION`. */
export const rangePlugin: FastifyPluginAsync<RangePluginOptions> = fp(register, {
  fastify: '5.x',
  name: 'fastify-send-range',
})

export default rangePlugin
