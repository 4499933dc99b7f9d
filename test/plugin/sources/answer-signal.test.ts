import t from 'tap'
import { AnswerSignal } from '#plugin/sources/answer-signal.js'
import type { Signal } from '#plugin/sources/signal.js'

/** A signal, and what aborts it. */
type Made = readonly [Signal, () => void]

const MAKE: Readonly<Record<string, () => Made>> = {
  'an AbortSignal': () => {
    const controller = new AbortController()
    return [controller.signal, () => controller.abort()]
  },
  'an AnswerSignal': () => {
    const signal = new AnswerSignal()
    return [signal, () => signal.abort()]
  },
  'the AbortSignal of an AnswerSignal': () => {
    const signal = new AnswerSignal()
    return [signal.toAbortSignal(), () => signal.abort()]
  },
}

for (const [name, make] of Object.entries(MAKE)) {
  t.test(`${name} calls its listeners once`, async (t) => {
    const [signal, abort] = make()
    const seen: string[] = []
    const removed = (): void => void seen.push('removed')
    signal.addEventListener('abort', removed)
    signal.addEventListener('abort', () => seen.push('first'), { once: true })
    signal.addEventListener('abort', () => seen.push('second'))
    signal.removeEventListener('abort', removed)
    signal.removeEventListener('abort', () => {})
    t.notOk(signal.aborted)
    t.equal(signal.reason, undefined)
    t.doesNotThrow(() => signal.throwIfAborted())
    abort()
    abort()
    t.strictSame(seen, ['first', 'second'])
    t.ok(signal.aborted)
    t.equal(signal.reason.name, 'AbortError')
    t.throws(() => signal.throwIfAborted(), { name: 'AbortError' })
  })

  t.test(`${name} calls no listener that comes later`, async (t) => {
    const [signal, abort] = make()
    abort()
    signal.addEventListener('abort', () => t.fail('called'))
    abort()
  })
}

t.test('the AbortSignal of an answer that is over is aborted', async (t) => {
  const signal = new AnswerSignal()
  signal.abort()
  const { aborted, reason } = signal.toAbortSignal()
  t.ok(aborted)
  t.equal(reason, signal.reason)
})
