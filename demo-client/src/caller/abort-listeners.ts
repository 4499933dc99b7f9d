// Any number of listeners for one signal, with only one on the signal itself, because Node warns of more than ten.
import { unawaited } from './check-arguments.ts'

interface Group {
  readonly listeners: Set<() => void>
  readonly call: () => void
}

const groups = new WeakMap<AbortSignal, Group>()

/**
 * Calls `listener` when `signal` is aborted, but not if it already is. Returns a function that removes the listener. When
 * all are removed, nothing is left on the signal.
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const { listeners, call } = groups.get(signal) ?? newGroup(signal)
  const own = (): void => listener() // the same listener may be added twice
  listeners.add(own)
  return () => {
    if (!listeners.delete(own) || listeners.size > 0) return
    unawaited<unknown>(signal.removeEventListener('abort', call))
    groups.delete(signal)
  }
}

function newGroup(signal: AbortSignal): Group {
  const listeners = new Set<() => void>()
  const call = (): void => {
    for (const listener of [...listeners]) listener()
  }
  const group = { listeners, call }
  const added: unknown = unawaited<unknown>(signal.addEventListener('abort', call))
  if (added instanceof Promise) throw new TypeError('its addEventListener is asynchronous')
  groups.set(signal, group)
  return group
}
