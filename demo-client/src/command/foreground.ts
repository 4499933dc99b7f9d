// Whether this process is in the foreground of its terminal, or a shell or another job is.
import { closeSync, readFileSync } from 'node:fs'
import { isatty } from 'node:tty'

/** How long an answer is reused. On other systems than Linux it needs a process. */
const CACHE_MS = process.platform === 'linux' ? 100 : 2000

/** How often to check whether this process is in the foreground. */
export const CHECK_INTERVAL_MS = 250

let known = { isForeground: true, until: Number.NEGATIVE_INFINITY }

/** Is this process in the foreground of its terminal? True if there is no job control. */
export function isForeground(): boolean {
  const now = performance.now()
  if (now >= known.until) known = { isForeground: look(), until: now + CACHE_MS }
  return known.isForeground
}

/** Makes the next call of {@link isForeground} check again, because the process was stopped in the meantime. */
export function forgetForeground(): void {
  known.until = Number.NEGATIVE_INFINITY
}

/**
 * Calls `listener` whenever this process comes to the foreground: a shell's `fg` sends SIGCONT to a stopped job, and nothing
 * to a running one. Returns a function that ends this.
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
  const timer = setInterval(look, CHECK_INTERVAL_MS).unref()
  process.on('SIGCONT', goOn)
  return () => {
    clearInterval(timer)
    process.off('SIGCONT', goOn)
  }
}

/**
 * Call before the process exits. In the background it closes standard streams that are terminals. Otherwise Node would
 * restore the mode that the terminal had at the start, while the shell has set its own to read a line.
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

function lookInProc(): boolean {
  const found = statOfThis()
  // A background process that reads the terminal would be stopped. Without keys the download continues.
  return found !== null && (found.terminal === '0' || found.group === found.foreground)
}

/** The process group of this process: its job in a shell. Null if that is not known. */
export function processGroup(): string | null {
  return statOfThis()?.group ?? null
}

interface ProcessStat {
  readonly group: string
  readonly terminal: string
  readonly foreground: string
}

/** proc_pid_stat(5): the fields after the name in parentheses are state, ppid, pgrp, session, tty_nr and tpgid. */
function statOfThis(): ProcessStat | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    const [, , group = '', , terminal = '', foreground = ''] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
    return { group, terminal, foreground }
  } catch {
    return null
  }
}

/** ps(1) marks the state of processes in the foreground with a plus sign. */
function askPs(): boolean {
  const { spawnSync } = process.getBuiltinModule('node:child_process')
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(process.pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return stdout?.includes('+') ?? false
}
