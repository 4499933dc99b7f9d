import { randomBytes, randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers, type Daemons } from './daemons.ts'
import type { Store } from './store.ts'

const PORT = 7480
const KEYS = { accessKeyId: 'CEPHTESTKEY', secretAccessKey: 'ceph/test+secret' }

/**
 * Starts a Ceph cluster of one monitor and one OSD that keeps all in memory, and its S3 gateway. No manager: nothing
 * here needs one. All listen on `address`, which is theirs alone, so that each has its usual port.
 */
export async function startCeph(daemons: Daemons, address: string): Promise<Store> {
  const fsid = randomUUID()
  const { folder } = daemons
  for (const name of ['mon', 'osd']) mkdirSync(join(folder, name))
  const conf = join(folder, 'ceph.conf')
  writeFileSync(conf, configuration(folder, address, fsid))
  await startMonitor(daemons, { conf, address, fsid })
  await startOsd(daemons, conf)
  daemons.start('radosgw', ['-f', '-c', conf, '-n', 'client.admin'])
  await daemons.run('radosgw-admin', ['-c', conf, 'user', 'create', ...userOptions()])
  const endpoint = `http://${address}:${PORT}`
  await daemons.until(() => answers(endpoint))
  return { endpoint, region: 'default', ...KEYS }
}

async function startMonitor(
  daemons: Daemons,
  { conf, address, fsid }: { conf: string; address: string; fsid: string },
): Promise<void> {
  const caps = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *']
  await daemons.run('ceph-authtool', ['-C', 'keyring', '--gen-key', '-n', 'client.admin', ...caps])
  await daemons.run('ceph-authtool', ['keyring', '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *'])
  const addresses = `[v2:${address}:3300,v1:${address}:6789]`
  await daemons.run('monmaptool', ['--create', '--addv', 'a', addresses, '--fsid', fsid, 'monmap'])
  const common = ['-c', conf, '--id', 'a']
  await daemons.run('ceph-mon', [...common, '--mkfs', '--monmap', 'monmap', '--keyring', 'keyring'])
  daemons.start('ceph-mon', ['-f', ...common])
}

async function startOsd(daemons: Daemons, conf: string): Promise<void> {
  const key = cephKey()
  const uuid = randomUUID()
  writeFileSync(join(daemons.folder, 'osd', 'keyring'), `[osd.0]\n\tkey = ${key}\n`)
  await daemons.run(
    'ceph',
    ['-c', conf, 'osd', 'new', uuid, '0', '-i', '-'],
    JSON.stringify({ cephx_secret: key }),
  )
  await daemons.run('ceph-osd', ['-c', conf, '--id', '0', '--mkfs', '--osd-uuid', uuid])
  daemons.start('ceph-osd', ['-f', '-c', conf, '--id', '0'])
}

/** A key as cephx has it: the kind, the time, the length, 16 random bytes. */
function cephKey(): string {
  const head = Buffer.alloc(12)
  head.writeUInt16LE(1, 0)
  head.writeUInt32LE(Math.floor(Date.now() / 1000), 2)
  head.writeUInt16LE(16, 10)
  return Buffer.concat([head, randomBytes(16)]).toString('base64')
}

function userOptions(): string[] {
  const { accessKeyId, secretAccessKey } = KEYS
  return [
    '--uid=test',
    '--display-name=test',
    `--access-key=${accessKeyId}`,
    `--secret-key=${secretAccessKey}`,
  ]
}

function configuration(folder: string, address: string, fsid: string): string {
  return `[global]
fsid = ${fsid}
mon host = [v2:${address}:3300,v1:${address}:6789]
public addr = ${address}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${folder}/keyring
run dir = ${folder}
admin socket = ${folder}/$name.sock
crash dir = ${folder}
pid file =
log file = ${folder}/$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mgr initial modules =
[mon]
mon data = ${folder}/mon
mon allow pool size one = true
[osd]
osd data = ${folder}/osd
keyring = ${folder}/osd/keyring
osd objectstore = memstore
memstore device bytes = 8589934592
[client]
rgw frontends = beast endpoint=${address}:${PORT}
`
}
