// For `node --import`: a home that does not answer. The FIFO named by STALLED_AT holds a thread, as a network would.
import promises from 'node:fs/promises'
import { hookFunction } from './refusals.ts'

const own = promises.open
hookFunction('open', async (...[path, ...more]) => {
  const isSecret = String(path).includes('journal.key')
  return isSecret
    ? await own(process.env['STALLED_AT'] ?? '', 'r')
    : await Reflect.apply(own, promises, [path, ...more])
})
