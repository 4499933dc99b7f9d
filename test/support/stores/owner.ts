import { readFileSync } from 'node:fs'

/** The process whose end is the end of the run: that of tap, or this one if tap has not started it. */
export function ownerOfRun(): string {
  return nameOf(process.env['TAP'] === '1' ? process.ppid : process.pid)
}

/** A process as its number and its start, since numbers are given again. */
export function nameOf(pid: number): string {
  return `${pid}-${startOf(pid)}`
}

/** Whether a process still runs, by its {@link nameOf name}. */
export function isRunning(name: string): boolean {
  const [pid, start] = name.split('-')
  return start !== '' && startOf(Number(pid)) === start
}

/** When a process has started, in ticks since the start of the system. Empty if it has ended. See proc(5). */
function startOf(pid: number): string {
  try {
    // The name of the program stands in brackets, and may itself have spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return fields[0] === 'Z' ? '' : String(fields[19])
  } catch {
    return ''
  }
}

/** An address of this machine for the servers of one process, so that they need no free ports. Linux only. */
export function addressOf(pid: number): string {
  return `127.${64 + ((pid >> 16) & 63)}.${(pid >> 8) & 255}.${pid & 255}`
}
