import { readFileSync } from 'node:fs'
import t from 'tap'
import { isRemote, operationsOn, parseMounts, refreshMounts } from '#plugin/files/local-file-systems.js'

const MOUNTINFO = [
  '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
  '23 22 0:21 / /proc rw - proc proc rw',
  '40 22 0:50 / /srv/nas rw,relatime shared:1 master:2 - nfs4 server:/export rw',
  '41 22 0:51 / /srv/nas/local rw - xfs /dev/vdb rw',
  '42 22 0:52 / /srv/my\\040disk rw - fuse.sshfs host: rw',
  '43 22 0:53 / /mnt/covered rw - ext4 /dev/vdc rw',
  '44 22 0:54 / /mnt/covered rw - cifs //server/share rw',
  '',
].join('\n')

t.test('mounts are read from /proc/self/mountinfo, the longest path first', async (t) => {
  const mounts = parseMounts(MOUNTINFO)
  const kinds = Object.fromEntries(mounts.map(({ point, kind }) => [point, kind]))
  t.strictSame(kinds, {
    '/srv/nas/local': 'local',
    '/srv/my disk': 'remote',
    '/mnt/covered': 'remote',
    '/srv/nas': 'remote',
    '/proc': 'local',
    '': 'local',
  })
  const lengths = mounts.map(({ point }) => point.length)
  t.strictSame(
    lengths,
    lengths.slice().sort((a, b) => b - a),
  )
})

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
  for (const { point, kind } of parseMounts(text)) t.equal(isRemote(point || '/'), kind === 'remote', point)
})
