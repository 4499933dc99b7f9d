// What a person types while something runs: `p` pauses, anything else goes on.
import { Socket } from 'node:net'
import { forgetForeground, isForeground, LOOK_INTERVAL } from './foreground.ts'
import { TerminalMode } from './terminal-mode.ts'

/** What was typed. `'interrupt'` is Ctrl-C where that is a character; `'end'` the end of the input. */
export type Key = 'p' | 'q' | 'interrupt' | 'other' | 'end'

const CTRL_C = '\u0003'

/** Calls `onKey` for what is typed on `input`, a terminal or a pipe, until the function returned is called. */
export function watchKeys(input: NodeJS.ReadStream, onKey: (key: Key) => void): () => void {
  if (input.isTTY) return watchTerminal(input, onKey)
  const onData = listener(onKey)
  const onEnd = (): void => onKey('end')
  input.on('data', onData)
  input.once('end', onEnd)
  input.once('error', onEnd)
  return () => {
    input.off('data', onData)
    input.off('end', onEnd)
    input.pause()
    if (input instanceof Socket) input.unref() // a file or /dev/null has nothing that keeps a process alive
  }
}

function listener(onKey: (key: Key) => void): (data: Buffer) => void {
  let isAfterP = false
  return (data) => {
    for (const character of data.toString('latin1')) {
      const isEnter = character === '\n' || character === '\r'
      // The Enter that ends a typed "p" belongs to it: where keys wait for Enter nothing arrives before it.
      if (isEnter && isAfterP) isAfterP = false
      else onKey(keyOf(character))
      isAfterP = character === 'p'
    }
  }
}

function keyOf(character: string): Key {
  if (character === 'p' || character === 'q') return character
  return character === CTRL_C ? 'interrupt' : 'other'
}

/**
 * Keys are taken while this process is in the foreground. In the background a read would stop it (SIGTTIN), and so
 * would a change of the terminal's mode (SIGTTOU).
 */
function watchTerminal(input: NodeJS.ReadStream, onKey: (key: Key) => void): () => void {
  const mode = new TerminalMode(input)
  const onData = listener(onKey)
  const onEnd = (): void => onKey('end')
  let isReading = false
  const look = (): void => {
    if (isReading === isForeground()) return
    isReading = !isReading
    if (!isReading) {
      input.pause()
      return
    }
    mode.enter()
    input.resume()
  }
  const release = (): void => {
    input.pause()
    if (isReading && isForeground()) mode.leave()
    isReading = false
  }
  const suspend = (): void => {
    forgetForeground() // where a script that runs this stopped first, the shell has its terminal back
    release()
    process.off('SIGTSTP', suspend)
    process.kill(process.pid, 'SIGTSTP') // now with its usual effect: it returns when the process goes on
    forgetForeground()
    process.on('SIGTSTP', suspend)
    look()
  }
  const timer = setInterval(look, LOOK_INTERVAL).unref()
  input.on('data', onData).pause()
  input.once('end', onEnd).once('error', onEnd)
  if (process.platform !== 'win32') process.on('SIGTSTP', suspend)
  look()
  return () => {
    clearInterval(timer)
    process.off('SIGTSTP', suspend)
    input.off('data', onData).off('end', onEnd)
    release()
    input.unref()
  }
}
