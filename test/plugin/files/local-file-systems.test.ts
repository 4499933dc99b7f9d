import { readFileSync } from 'node:fs'
import t from 'tap'
import {
  isRemote,
  kindOf,
  mountsAfter,
  operationsOn,
  refreshMounts,
} from '#plugin/files/local-file-systems.js'
import { parseMounts } from '#plugin/files/mount-list.js'

t.test(
  'paths on one storage share its limit, and a mount point with the same beginning has another',
  async (t) => {
    await refreshMounts()
    t.equal(operationsOn('/'), operationsOn('/no-such-folder/file'))
    if (process.platform !== 'linux') return
    t.not(operationsOn('/proc/cpuinfo'), operationsOn('/'))
    t.equal(operationsOn('/procedures'), operationsOn('/'))
  },
)

const skip = process.platform === 'linux' ? false : 'only Linux has a list of mounts'

t.test('the list of mounts says whether a path is on a remote storage', { skip }, async (t) => {
  const text = readFileSync('/proc/self/mountinfo', 'utf8')
  const mounts = parseMounts(text)
  t.not(mounts.length, 0)
  for (const mount of mounts) {
    t.equal(isRemote(mount.point || '/'), kindOf(mount) === 'remote', mount.point)
  }
})

t.test(
  'a list of mounts is asked for by the time after which it must have been read',
  { skip },
  async (t) => {
    const moment = performance.now()
    t.equal(mountsAfter(moment), undefined, 'the known list is older, or not there')
    await refreshMounts()
    const list = mountsAfter(moment)
    t.ok(list?.mounts.some(({ point }) => point === ''))
    t.ok((list?.beganAtMs ?? 0) > moment)
    t.equal(mountsAfter(moment), list, 'the same list, as long as it is fresh')
  },
)
