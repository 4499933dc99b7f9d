// What a person types while something runs: `p` pauses, anything else goes on. Terminal or pipe.
import { Socket } from 'node:net'
import type { ReadStream } from 'node:tty'

/** What was typed. `'interrupt'` is Ctrl-C, which in raw mode is a character; `'end'` the end of the input. */
export type Key = 'p' | 'q' | 'interrupt' | 'other' | 'end'

const CTRL_C = '\u0003'
const CTRL_Z = '\u001a'

/** Tells `onKey` of what is typed on `input` until the function returned is called. */
export function watchKeys(input: ReadStream | NodeJS.ReadStream, onKey: (key: Key) => void): () => void {
  const raw = (isRaw: boolean): void => {
    if (input.isTTY) input.setRawMode(isRaw)
  }
  let isAfterP = false
  const onData = (data: Buffer): void => {
    for (const character of data.toString('latin1')) {
      const isEnter = character === '\n' || character === '\r'
      // The Enter that ends a typed "p" belongs to it: without raw mode nothing arrives before it.
      if (isEnter && isAfterP) isAfterP = false
      else if (character === CTRL_Z) suspend(raw)
      else onKey(keyOf(character))
      isAfterP = character === 'p'
    }
  }
  const onEnd = (): void => onKey('end')
  raw(true)
  input.on('data', onData)
  input.once('end', onEnd)
  input.once('error', onEnd)
  return () => {
    input.off('data', onData)
    input.off('end', onEnd)
    raw(false)
    input.pause()
    if (input instanceof Socket) input.unref() // a file or /dev/null has nothing that keeps a process alive
  }
}

function keyOf(character: string): Key {
  if (character === 'p' || character === 'q') return character
  return character === CTRL_C ? 'interrupt' : 'other'
}

/** What Ctrl-Z does outside raw mode. */
function suspend(raw: (isRaw: boolean) => void): void {
  raw(false)
  process.once('SIGCONT', () => raw(true))
  process.kill(process.pid, 'SIGTSTP')
}
