import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { rangeValue, stretchesOf } from '../load/range-field.ts'
import { randomNumbers } from '../pattern.ts'
import { spreadOf } from '../report/statistics.ts'
import type { Contender } from '../servers/contender.ts'
import type { Work } from '../workloads.ts'
import type { Effort, Result } from './comparison.ts'
import { cpuSeconds } from './process-usage.ts'

const run = promisify(execFile)
const MS_PER_SECOND = 1000
const CONNECTIONS = 32

/** Whether wrk is installed. */
export async function hasWrk(): Promise<boolean> {
  try {
    await run('wrk', ['-v'])
    return true
  } catch (error) {
    // It prints its version and still exits with an error status.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT')
  }
}

/** Repeats some works with wrk, to check our own load generator. */
export async function compareWithWrk(
  work: Work,
  contenders: readonly Contender[],
  { rounds, turnMs }: Omit<Effort, 'generator'>,
): Promise<Result[]> {
  const entries = contenders
    .filter(({ name }) => work.contenders.includes(name) && name !== 'fixed')
    .map((contender) => ({ contender, cpu: [] as number[], wall: [] as number[] }))
  const seconds = Math.ceil(turnMs / MS_PER_SECOND)
  for (let round = 0; round < rounds; round++) {
    for (const { contender, cpu, wall } of entries) {
      const { port, pid } = contender.server
      const before = cpuSeconds(pid)
      const answers = await askWithWrk(work, port, seconds)
      cpu.push((cpuSeconds(pid) - before) / answers)
      wall.push(seconds / answers)
    }
  }
  return entries.map(({ contender, cpu, wall }) => ({
    contender: contender.name,
    cpu: spreadOf(cpu),
    wall: spreadOf(wall),
  }))
}

/** Returns the number of answers. */
async function askWithWrk({ ranges, path }: Work, port: number, seconds: number): Promise<number> {
  const stretches = stretchesOf(ranges, randomNumbers(1))
  const range = stretches.length === 0 ? [] : ['-H', `Range: ${rangeValue(stretches)}`]
  const url = `http://127.0.0.1:${port}${path}`
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, ...range, url]
  const { stdout } = await run('wrk', args)
  const answers = Number(/(\d+) requests in/.exec(stdout)?.[1])
  if (!(answers > 0) || stdout.includes('Non-2xx')) throw new Error(`wrk got wrong answers: ${stdout}`)
  return answers
}
