// The keys that a user types while a download runs.
import { Socket } from 'node:net'
import { CHECK_INTERVAL_MS, forgetForeground, isForeground } from './foreground.ts'
import { TerminalMode } from './terminal-mode.ts'

/** A typed key. `'interrupt'` is Ctrl-C if that arrives as a character; `'end'` is the end of the input. */
export type Key = 'p' | 'q' | 'interrupt' | 'other' | 'end'

const CTRL_C = '\u0003'

/** Calls `onKey` for each key typed on `input`, a terminal or a pipe, until the returned function is called. */
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
    if (input instanceof Socket) input.unref() // a file or /dev/null does not keep the process alive
  }
}

function listener(onKey: (key: Key) => void): (data: Buffer) => void {
  let isAfterP = false
  return (data) => {
    for (const character of data.toString('latin1')) {
      const isEnter = character === '\n' || character === '\r'
      // If keys wait for Enter, the Enter after a typed "p" belongs to it and does not resume.
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
 * Reads keys only while this process is in the foreground. In the background a read would stop it (SIGTTIN), and so would
 * a change of the terminal's mode (SIGTTOU).
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
    forgetForeground() // if the script that runs this stopped first, the shell already has the terminal
    release()
    process.off('SIGTSTP', suspend)
    process.kill(process.pid, 'SIGTSTP') // now it stops the process, and returns when the process continues
    forgetForeground()
    process.on('SIGTSTP', suspend)
    look()
  }
  const timer = setInterval(look, CHECK_INTERVAL_MS).unref()
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
