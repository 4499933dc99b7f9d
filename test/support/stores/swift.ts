import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { REPOSITORY } from '../repository.ts'
import { answers, type Daemons } from './daemons.ts'
import type { Store } from './store.ts'

const PORT = 8080
const KEYS = { accessKeyId: 'test:tester', secretAccessKey: 'testing' }

/** The stages of a request, in the order that Swift checks when it starts. */
const PIPELINE =
  'catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth slo dlo copy versioned_writes symlink'

/** The servers behind the proxy, with their usual ports. */
const BACKENDS = { account: 6202, container: 6201, object: 6200 }

/** Starts OpenStack Swift with its S3 interface: one server of each kind, one device, one copy of each object. */
export async function startSwift(daemons: Daemons, address: string): Promise<Store> {
  const { folder } = daemons
  mkdirSync(join(folder, 'devices', 'd1'), { recursive: true })
  const write = (name: string, text: string): void => writeFileSync(join(folder, `${name}.conf`), text)
  write(
    'swift',
    '[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n',
  )
  for (const [name, port] of Object.entries(BACKENDS))
    write(name, common(folder, address, port) + backendSection(name))
  write('proxy', common(folder, address, PORT) + proxySections(address))
  // Swift's libraries belong to Debian's Python, and not to another one that may come first on the PATH.
  const script = `${REPOSITORY}test/support/stores/swift-servers.py`
  daemons.start('/usr/bin/python3', ['-B', script, folder, address])
  const endpoint = `http://${address}:${PORT}`
  // The proxy answers 503 until those behind it are there.
  for (const port of [PORT, ...Object.values(BACKENDS)])
    await daemons.until(() => answers(`http://${address}:${port}/healthcheck`))
  return { endpoint, region: 'us-east-1', ...KEYS }
}

function common(folder: string, address: string, port: number): string {
  return `[DEFAULT]
bind_ip = ${address}
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${folder}
devices = ${folder}/devices
mount_check = false
fallocate_reserve = 0
`
}

function backendSection(name: string): string {
  return `[pipeline:main]
pipeline = ${name}-server
[app:${name}-server]
use = egg:swift#${name}
`
}

function proxySections(address: string): string {
  const options: Readonly<Record<string, string>> = {
    // Nothing listens there. Swift wants a cache, and works without its answers.
    cache: `memcache_servers = ${address}:11211`,
    tempauth: 'user_test_tester = testing .admin',
    versioned_writes: 'allow_object_versioning = true',
  }
  const filters = PIPELINE.split(' ').map(
    (name) =>
      `[filter:${name}]\nuse = egg:swift#${name === 'cache' ? 'memcache' : name}\n${options[name] ?? ''}\n`,
  )
  return `[pipeline:main]
pipeline = ${PIPELINE} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filters.join('')}`
}
