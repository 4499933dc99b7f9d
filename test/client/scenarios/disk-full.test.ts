// A disk that fills up. The message says truly whether the download can be resumed. If it cannot, nothing stays on the disk.
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { download } from 'range-get'
import t, { type Test } from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { rangeGet } from '../support/command.ts'
import {
  head,
  honest,
  makeContent,
  resource,
  type Script,
  send,
  startHostile,
} from '../support/hostile-server.ts'
import { names, QUICK, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'

const CONTENT = makeContent(3_000_000)
const A = resource(CONTENT)
const KEPT = /Free some space and run again\. What was received is kept\n$/
const LOST =
  /Free some space and run again\. What was received cannot be resumed: the server (?:sends no strong ETag, .*\(--checksum\) it could be|does not say how large the file is)\n$/

function needsMounts(): string | false {
  const { status } = spawnSync('unshare', ['-m', 'true'])
  return process.platform === 'linux' && status === 0 ? false : 'needs root to mount'
}

function mounted(t: Test, options: string): string {
  const mount = join(t.testdir({ mount: {} }), 'mount')
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount])
  t.teardown(() => execFileSync('umount', [mount]))
  return mount
}

/** Sends the whole file without ranges, in pieces. */
function stream(fields: Readonly<Record<string, string | number>>): Script {
  return async (_, socket) => {
    socket.write(head('200 OK', { connection: 'close', ...fields }))
    for (let at = 0; at < CONTENT.length; at += 100_000) {
      await send(socket, CONTENT.subarray(at, at + 100_000))
      await sleep(3)
    }
    socket.end()
  }
}

const etag = A.fields['etag'] ?? ''
const lasting: readonly [string, Readonly<Record<string, string | number>>][] = [
  ['no validator and no length', {}],
  ['a weak tag', { etag: 'W/"x"' }],
  ['a strong tag and no length', { etag }],
]
for (const [name, fields] of lasting) {
  t.test(
    `bytes that cannot be resumed are removed from a full disk (${name})`,
    { skip: needsMounts() },
    async (t) => {
      const server = await startHostile(stream(fields))
      t.teardown(() => server.stop())
      const mount = mounted(t, 'size=2m')
      const args = ['-o', 'file.bin', `${server.url}/file.bin`]
      const { status, stderr } = await rangeGet(['-q', ...args], mount).ended
      t.equal(status, 8)
      t.match(stderr, LOST)
      t.strictSame(names(mount), [])
      execFileSync('mount', ['-o', 'remount,size=20m', mount])
      const { stdout } = await rangeGet(['--json', ...args], mount).ended
      t.match(stdout, /"event":"result".*"resumed":0,/)
    },
  )
}

t.test('bytes that can be resumed are kept on a full disk', { skip: needsMounts() }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const mount = mounted(t, 'size=4m')
  const args = ['-o', 'file.bin', `${server.url}/file.bin`]
  const run = rangeGet(['-q', ...args], mount)
  await server.hasServed(500_000)
  writeFileSync(join(mount, 'hog'), Buffer.alloc(2_000_000))
  const { status, stderr } = await run.ended
  t.equal(status, 8)
  t.match(stderr, KEPT)
  execFileSync('rm', [join(mount, 'hog')])
  const { stdout } = await rangeGet(['--json', ...args], mount).ended
  t.match(stdout, /"event":"result".*"resumed":[1-9]/)
  sameBytes(t, readOrNull(join(mount, 'file.bin')), CONTENT)
})

t.test('nothing is kept where no inode is left for the journal', { skip: needsMounts() }, async (t) => {
  const server = await startHostile(honest(A))
  t.teardown(() => server.stop())
  // One inode each for the folder, the lock and the part file. The second name of the lock needs one for a moment.
  const mount = mounted(t, 'size=20m,nr_inodes=3')
  const { status, stderr } = await rangeGet(['-q', '-o', 'file.bin', `${server.url}/x`], mount).ended
  t.equal(status, 8)
  t.match(stderr, /What was received cannot be resumed, and is not kept\n$/)
  t.strictSame(names(mount), [])
})

t.test('the error of a stop says whether the download can be resumed', async (t) => {
  for (const [fields, want] of [
    [{ etag, 'content-length': CONTENT.length }, /^stopped; what was received can be resumed$/],
    [{}, /^stopped; what was received cannot be resumed: the server does not say how large/],
  ] as const) {
    const server = await startHostile(stream(fields))
    t.teardown(() => server.stop())
    const dir = t.testdir({})
    const stop = new AbortController()
    const run = download(`${server.url}/x`, join(dir, 'file.bin'), { ...QUICK, signal: stop.signal })
    for await (const { received } of run) if (received > 500_000) stop.abort()
    await t.rejects(run.finished, { code: 'ERR_DOWNLOAD_ABORTED', message: want })
  }
})
