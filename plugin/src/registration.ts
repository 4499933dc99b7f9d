import type { FastifyInstance } from 'fastify'
import { SendRangeError } from './errors.ts'
import type { FileStore } from './files/file-store.ts'
import type { Settings } from './options.ts'

/** What one registration of the plugin is made of. */
export interface Registration {
  readonly settings: Settings
  readonly store: FileStore
}

/** All copies of this package in the process share it, so that they notice each other. */
const REGISTRATION = Symbol.for('fastify-send-range.registration')

/** Identifies this copy of the package. */
const COPY = Symbol('this copy of fastify-send-range')

/** A Fastify instance. Contexts below the registering one inherit its registration, like a decorator. */
type Registered = FastifyInstance & {
  [REGISTRATION]?: { readonly copy: symbol; readonly registration: Registration }
}

/**
 * Sets the registration of a context and of the contexts below.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if the context has one already, if a context above has one of another copy of
 * this package, or if `reply.sendRange` belongs to another plugin, whose files requests would get
 */
export function setRegistration(fastify: FastifyInstance, registration: Registration): void {
  const context: Registered = fastify
  const above = context[REGISTRATION]
  if (above !== undefined && above.copy !== COPY) {
    throw optionError(
      'Two copies of fastify-send-range meet in this context: install one, or register them in contexts that do not inherit from each other',
    )
  }
  if (Object.hasOwn(context, REGISTRATION)) {
    throw optionError(
      'Already registered in this context: register another root in a context of its own, or pass `root` to sendRange',
    )
  }
  if (above === undefined && context.hasReplyDecorator('sendRange')) {
    throw optionError('reply.sendRange is decorated already, by something else than this plugin')
  }
  context[REGISTRATION] = { copy: COPY, registration }
}

/**
 * The registration of a context.
 *
 * @throws SendRangeError `ERR_RANGE_OPTION` if there is none
 */
export function registrationOf(fastify: FastifyInstance): Registration {
  const found = (fastify as Registered)[REGISTRATION]
  if (found === undefined) throw optionError('The plugin is not registered here')
  return found.registration
}

function optionError(message: string): SendRangeError {
  return new SendRangeError('ERR_RANGE_OPTION', message)
}
