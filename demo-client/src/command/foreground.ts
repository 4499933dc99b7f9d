// Whether this process may use its terminal now, or a shell or another job has it.
import { spawnSync } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

/** How long an answer is used again, in ms. Elsewhere than on Linux it costs a process. */
const FRESH = process.platform === 'linux' ? 100 : 2000

/** How often it is looked whether the terminal is ours, in ms. */
export const LOOK_INTERVAL = 250

let known = { isForeground: true, until: Number.NEGATIVE_INFINITY }

/** Is this process in the foreground of its terminal? True where there is no job control. */
export function isForeground(): boolean {
  const now = performance.now()
  if (now >= known.until) known = { isForeground: look(), until: now + FRESH }
  return known.isForeground
}

/** The next call of {@link isForeground} looks again: the process has been stopped meanwhile. */
export function forgetForeground(): void {
  known.until = Number.NEGATIVE_INFINITY
}

/**
 * Calls `listener` whenever this process is in the foreground again: a shell's `fg` sends SIGCONT to a job that was stopped,
 * and nothing to one that runs. Returns what ends that.
 */
export function onForeground(listener: () => void): () => void {
  if (process.platform === 'win32') return () => undefined
  let was = isForeground()
  const look = (): void => {
    const is = isForeground()
    if (is && !was) listener()
    was = is
  }
  const goOn = (): void => {
    forgetForeground()
    was = false
    look()
  }
  const timer = setInterval(look, LOOK_INTERVAL).unref()
  process.on('SIGCONT', goOn)
  return () => {
    clearInterval(timer)
    process.off('SIGCONT', goOn)
  }
}

/**
 * For a process that exits: in the background its standard streams are closed first, where they are terminals. Node
 * would set the mode back that it found when it began, while a shell has set its own to read a line.
 */
export function leaveTerminal(): void {
  forgetForeground()
  if (isForeground()) return
  for (const stream of [0, 1, 2]) if (isatty(stream)) closeSync(stream)
}

function look(): boolean {
  if (process.platform === 'win32') return true
  return process.platform === 'linux' ? lookInProc() : askPs()
}

/** proc_pid_stat(5): behind the name in brackets stand state, ppid, pgrp, session, tty_nr and tpgid. */
function lookInProc(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const [, , group, , terminal, foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return terminal === '0' || group === foreground
  } catch {
    return false // a background process that reads the terminal would be stopped; without keys all goes on
  }
}

/** ps(1) marks the state of processes in the foreground with a plus sign. */
function askPs(): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(process.pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return stdout?.includes('+') ?? false
}
