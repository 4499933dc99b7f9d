import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Running, rangeGet } from './command.ts'
import { blocksOf } from './journal.ts'
import { readOrNull } from './run.ts'
import type { SlowServer } from './slow-server.ts'

/** What the killed runs and the ones after them are called with. */
export const ARGS = ['-q', '-o', 'file.bin'] as const

/** What is to be killed. */
interface Victim {
  readonly dir: string
  /** Default {@link ARGS}. */
  readonly args?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Starts the download. Default: `range-get` with these arguments. */
  readonly start?: (url: string) => Running
}

/** Runs the command until the server has sent `bytes` more and something of it is recorded, then kills it. */
export async function killAfter(
  server: SlowServer,
  bytes: number,
  { dir, args = ARGS, env = {}, start = (url) => rangeGet([...args, url], dir, env) }: Victim,
): Promise<void> {
  const run = start(`${server.url}/file.bin`)
  await Promise.race([server.hasServed(server.served + bytes), run.ended])
  await untilRecorded(run, dir)
  run.child.kill('SIGKILL')
  await run.ended
}

/** Waits until something of a run is recorded, or it is over. On a busy machine a client may not have read what was sent. */
export async function untilRecorded({ ended }: Running, dir: string): Promise<void> {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver && recorded(dir) === 0) await sleep(10)
}

/** How many journals in `dir` name any bytes? */
export function recorded(dir: string): number {
  const journals = readdirSync(dir).filter((name) => name.endsWith('.part.json'))
  return journals.filter((name) => blocksOf(readOrNull(join(dir, name))?.toString() ?? '').length > 0).length
}
