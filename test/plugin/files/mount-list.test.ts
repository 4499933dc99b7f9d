import t from 'tap'
import { mountOf, parseMounts, parseMountTypes } from '#plugin/files/mount-list.js'

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

const mounts = parseMounts(MOUNTINFO)

t.test('mounts are read from /proc/self/mountinfo, the longest path first', async (t) => {
  t.strictSame(Object.fromEntries(mounts.map(({ point, type }) => [point, type])), {
    '/srv/nas/local': 'xfs',
    '/srv/my disk': 'fuse.sshfs',
    '/mnt/covered': 'cifs',
    '/srv/nas': 'nfs4',
    '/proc': 'proc',
    '': 'ext4',
  })
  const lengths = mounts.map(({ point }) => point.length)
  const sorted = lengths.slice().sort((a, b) => b - a)
  t.strictSame(lengths, sorted)
})

t.test('the types of all mounts are known by their numbers, also of a covered one', async (t) => {
  const types = parseMountTypes(MOUNTINFO)
  t.equal(types.size, 7)
  t.equal(types.get(43), 'ext4')
  t.equal(types.get(44), 'cifs')
  t.equal(types.get(1), undefined)
})

t.test('the mount that holds a path is the longest above it', async (t) => {
  t.equal(mountOf('/srv/nas/local/a', mounts)?.type, 'xfs')
  t.equal(mountOf('/srv/nas', mounts)?.type, 'nfs4')
  t.equal(mountOf('/mnt/covered/a', mounts)?.type, 'cifs')
  t.equal(mountOf('/srv/nasty', mounts)?.point, '')
  t.equal(mountOf('/a', []), undefined)
})
