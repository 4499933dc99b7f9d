// For `node --import`: a command whose file system refuses what REFUSE says, such as `link:EPERM,statfs:ENOSYS`.
import { type Refusable, refuse } from './refusals.ts'

for (const each of (process.env['REFUSE'] ?? '').split(',')) {
  const [what, code] = each.split(':')
  if (what !== undefined && code !== undefined) await refuse(what as Refusable, code)
}
