import type { ByteRange } from '../rules/range-set.ts'
import { awaitedUnlessGivenUp } from '../sources/given-up.ts'
import type { Signal } from '../sources/signal.ts'
import { Agents } from './agents.ts'
import { type AnswerHead, bodyLengthOf } from './answer-head.ts'
import { actualSizeOf, errorCodeOf, MAX_ERROR_BYTES } from './error-code.ts'
import { exchange, type OutgoingRequest } from './exchange.ts'
import { KnownVersions } from './known-versions.ts'
import { Leases } from './leases.ts'
import { ReceivedBody } from './received-body.ts'
import { Interruption } from './upstream-errors.ts'
import type { RequestForm, UpstreamSettings } from './upstream-settings.ts'
import { areKeysRefused, type Verdict, verdictOn } from './verdict.ts'

/** What is asked for. */
export interface Ask {
  readonly url: URL
  /** Undefined: all bytes. */
  readonly range: ByteRange | undefined
  /** Conditions, and what else identifies a version. */
  readonly fields: Readonly<Record<string, string>>
  /** Aborted when the bytes are no longer wanted. */
  readonly signal: Signal
}

/** What a store has answered. */
export type StoreAnswer =
  | {
      readonly verdict: Verdict & { kind: 'part' | 'whole' }
      readonly head: AnswerHead
      readonly body: ReceivedBody
    }
  | { readonly verdict: Exclude<Verdict, { kind: 'part' | 'whole' | 'busy' }>; readonly head: AnswerHead }

/** The requests of one source, with its connections. */
export class Store {
  readonly settings: UpstreamSettings
  readonly form: RequestForm
  readonly versions: KnownVersions = new KnownVersions()
  readonly #agents: Agents
  readonly #leases: Leases

  constructor(settings: UpstreamSettings, form: RequestForm) {
    this.settings = settings
    this.form = form
    this.#agents = new Agents(settings.maxConnections)
    this.#leases = new Leases(settings)
  }

  /**
   * Sends one request. The caller ends the body of what it returns.
   *
   * @throws Interruption if another try may help; SendRangeError `ERR_RANGE_UPSTREAM` if not
   */
  async ask(ask: Ask): Promise<StoreAnswer> {
    const signed = await this.#signed(ask)
    const answer = await this.#send(ask, signed)
    if (!areKeysRefused(answer.head) || !(await this.form.renew?.(signed))) return answer
    return this.#send(ask, await this.#signed(ask))
  }

  /** A function of the application may never return. */
  #signed({ url, range, fields, signal }: Ask): ReturnType<RequestForm['sign']> {
    const headers = Object.assign({ 'accept-encoding': 'identity' }, this.settings.headers)
    if (range !== undefined) Object.assign(headers, { range: `bytes=${range.first}-${range.last}` })
    const request = { method: 'GET', url, headers: Object.assign(headers, fields) } as const
    return awaitedUnlessGivenUp(this.form.sign(request), signal)
  }

  async #send({ url, range, signal }: Ask, signed: OutgoingRequest['headers']): Promise<StoreAnswer> {
    const { settings } = this
    signal.throwIfAborted()
    const lease = this.#leases.takeFree() ?? (await this.#leases.wait(signal))
    try {
      const outgoing = { method: 'GET', url, headers: signed } as const
      const { message, head } = await exchange(outgoing, { agents: this.#agents, timeouts: settings, signal })
      const body = new ReceivedBody(message, lease, settings.stallTimeout)
      const known =
        head.status < 300
          ? head
          : await withError({ head, body, signal, responseTimeout: settings.responseTimeout })
      return judged(known, body, range)
    } catch (error) {
      lease.release()
      throw error
    }
  }

  /** Closes the connections that no answer uses. */
  closeKept(): void {
    this.#agents.closeKept()
  }
}

function judged(head: AnswerHead, body: ReceivedBody, range: ByteRange | undefined): StoreAnswer {
  const verdict = verdictOn(head, range)
  if (verdict.kind === 'part' || verdict.kind === 'whole') return { verdict, head, body }
  if (head.status < 300) body.destroy()
  if (verdict.kind === 'busy') throw new Interruption(verdict.reason, { retryAfter: verdict.retryAfter })
  return { verdict, head }
}

/** An error whose body has not been read. */
interface UnreadError {
  readonly head: AnswerHead
  readonly body: ReceivedBody
  readonly signal: Signal
  readonly responseTimeout: number
}

/** The head of an error, with what its body says. */
async function withError(unread: UnreadError): Promise<AnswerHead> {
  const { head } = unread
  const document = await errorIn(unread)
  const code = head.fields['x-ms-error-code'] ?? errorCodeOf(document)
  return { ...head, code, actualSize: actualSizeOf(document) }
}

/** Reads the start of the body of an error, which ends here. */
async function errorIn({ head, body, signal, responseTimeout }: UnreadError): Promise<string> {
  const stop = (): void => body.destroy()
  const timer = setTimeout(stop, responseTimeout)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  let text = ''
  let unread = bodyLengthOf(head) ?? 0
  try {
    for (;;) {
      const chunk = await body.next()
      if (chunk === undefined) break
      unread -= chunk.length
      text += chunk.subarray(0, MAX_ERROR_BYTES - text.length).toString('latin1')
      if (text.length >= MAX_ERROR_BYTES) break
    }
    body.finish(unread)
  } catch {
    // The status says enough.
    body.destroy()
  }
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
  return text
}
