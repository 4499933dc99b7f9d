import { rangeGet } from './command.ts'
import type { SlowServer } from './slow-server.ts'

/** What the killed runs and the ones after them are called with. */
export const ARGS = ['-q', '-o', 'file.bin'] as const

/** Runs the command until the server has sent `bytes` more, then kills it. */
export async function killAfter(
  server: SlowServer,
  bytes: number,
  dir: string,
  args: readonly string[] = ARGS,
): Promise<void> {
  const run = rangeGet([...args, `${server.url}/file.bin`], dir)
  await Promise.race([server.hasServed(server.served + bytes), run.ended])
  run.child.kill('SIGKILL')
  await run.ended
}
