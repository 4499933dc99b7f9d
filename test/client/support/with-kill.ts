// For `node --import`: a command that is killed right after it has called a function of `node:fs/promises`. KILL says which
// one, and an expression that its arguments must match: `rename:\\.part\\.done\\.`. KILL_BEFORE: right before. STOP: it is
// stopped right after the first such call, until a signal has it go on.
import promises from 'node:fs/promises'
import { hookFunction } from './refusals.ts'

for (const when of ['KILL', 'KILL_BEFORE', 'STOP'] as const) {
  const [name, pattern = ''] = (process.env[when] ?? '').split(':')
  if (name !== 'link' && name !== 'rename' && name !== 'open' && name !== 'unlink') continue
  const own = promises[name]
  let isStopped = false
  hookFunction(name, async (...args: unknown[]) => {
    const isIt = new RegExp(pattern).test(args.map(String).join(' '))
    if (isIt && when === 'KILL_BEFORE') process.kill(process.pid, 'SIGKILL')
    const result: unknown = await Reflect.apply(own, promises, args)
    if (isIt && when === 'KILL') process.kill(process.pid, 'SIGKILL')
    if (isIt && when === 'STOP' && !isStopped) process.kill(process.pid, 'SIGSTOP')
    isStopped ||= isIt
    return result
  })
}
