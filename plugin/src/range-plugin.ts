import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { SendRangeError } from './errors.ts'
import { FileOpener } from './files/file-source.ts'
import { closeKept, type FileStore, fileStore } from './files/file-store.ts'
import { noteErrorHandling } from './guards/replacement.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import { ignoreRejectionsOf } from './option-checks.ts'
import type { RangePluginOptions, SendRangeOptions, Settings } from './options.ts'
import { registrationOf, setRegistration } from './registration.ts'
import { rememberTargets } from './request/received-target.ts'
import { fail } from './response/failed-answer.ts'
import { ReplyClaim } from './response/reply-claim.ts'
import { guardSend } from './response/send-guard.ts'
import { type Call, sendRange } from './send-range.ts'
import { callSettings, registrationSettings } from './settings.ts'
import { type Opener, openerOf } from './sources/opener.ts'

const register: FastifyPluginAsync<RangePluginOptions> = async (fastify, options) => {
  const settings = registrationSettings(options)
  const store = fileStore(settings.maxOpenFiles)
  const opener = openerFor(settings, store)
  await opener.check(fastify.log)
  setRegistration(fastify, { settings, store })
  rememberTargets()
  // If an answer fails before its head is sent, the error handlers answer.
  fastify.addHook('onError', (_request, reply, error, done) => {
    ReplyClaim.cutRefused(reply, error)
    noteErrorHandling(reply)
    ReplyClaim.release(reply)
    done()
  })
  fastify.addHook('onClose', async () => {
    closeKept(store)
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
  if (!(claim instanceof ReplyClaim)) {
    ignoreRejectionsOf(options)
    return claim
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
  const { settings: registered, store } = registrationOf(reply.server)
  const settings = options === undefined ? registered : callSettings(registered, options)
  if (typeof path !== 'string') throw new SendRangeError('ERR_RANGE_OPTION', 'The path must be a string')
  const opener = openerFor(settings, store)
  return { path, settings, opener }
}

/** The plugin: `await fastify.register(rangePlugin, { root: '/srv/files' })`. Throws `ERR_RANGE_OPTION`. */
export const rangePlugin: FastifyPluginAsync<RangePluginOptions> = fp(register, {
  fastify: '5.x',
  name: 'fastify-send-range',
})
