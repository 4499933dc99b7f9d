import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts time for user space in hundredths of a second, independent of its own tick. */
const CLOCK_TICKS_PER_SECOND = 100
const KIB = 1024

interface ProcessStat {
  readonly parent: number
  /** Clock ticks of all threads, including those that have ended. */
  readonly ticks: number
}

/** CPU time (user and system) of a process and its children so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const ticks = family(pid).reduce((sum, member) => sum + (statOf(member)?.ticks ?? 0), 0)
  return ticks / CLOCK_TICKS_PER_SECOND
}

/** CPU time of all children of this process that have ended, and of theirs, in seconds. */
export function reapedCpuSeconds(): number {
  const text = readProc(process.pid, 'stat') ?? ''
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / CLOCK_TICKS_PER_SECOND
}

/** Resident memory of a process and its children, in bytes. */
export function residentBytes(pid: number): number {
  return family(pid).reduce((sum, member) => sum + residentOf(member), 0)
}

/** A process and its children, for servers with a master and workers. */
function family(pid: number): number[] {
  const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return [pid, ...others.map(Number).filter((other) => statOf(other)?.parent === pid)]
}

/** proc(5): the second field is the name in parentheses and may contain any character. So fields are counted from its end. */
function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(pid, 'stat')
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [parent, utime, stime] = [fields[1], fields[11], fields[12]].map(Number)
  if (parent === undefined || utime === undefined || stime === undefined) return undefined
  return { parent, ticks: utime + stime }
}

function residentOf(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')
  return line === null ? 0 : Number(line[1]) * KIB
}

/** Undefined if the process has ended. */
function readProc(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return undefined
  }
}
