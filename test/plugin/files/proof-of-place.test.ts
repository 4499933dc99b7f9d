import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openFile } from '#plugin/files/open-regular-file.js'
import { isRefusal } from '#plugin/rules/refusal.js'

/** What an open finds: the reason for nothing, or the real path. */
async function found(root: string, name: string): Promise<string> {
  const file = await openFile({ root, path: join(root, name) })
  if (isRefusal(file)) return file
  file.release()
  return file.realPath
}

/** A process with mounts of its own: there, `secret` covers `root`. Undefined if this user may not make one. */
async function elsewhere(t: Test, folder: string): Promise<number | undefined> {
  const mounts = 'mount --make-rprivate / && mount --bind secret root && echo ready && exec sleep 60'
  const child = spawn('unshare', ['-m', 'sh', '-c', mounts], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [first] = (await Promise.race([once(child.stdout, 'data'), once(child, 'close')])) as [unknown]
  return first instanceof Buffer ? child.pid : undefined
}

const skip = spawnSync('unshare', ['--version']).error !== undefined && 'no unshare here'

t.test(
  'a file of the mounts of another process is not in the root, whatever its path is there',
  { skip },
  async (t) => {
    const folder = realpathSync(t.testdir({ root: { f: 'ours' }, secret: { f: 'theirs', g: 'theirs' } }))
    const root = join(folder, 'root')
    const pid = await elsewhere(t, folder)
    if (pid === undefined) {
      t.comment('not shown: this user may not make mounts')
      return
    }
    for (const name of ['f', 'g']) {
      symlinkSync(`/proc/${pid}/root${root}/${name}`, join(root, `link-${name}`))
      t.notMatch(await found(root, `link-${name}`), /\//)
    }
    t.equal(await found(root, 'f'), join(root, 'f'))
  },
)

t.test('a link out of the root is told from a file that is moved while it is opened', async (t) => {
  const folder = realpathSync(t.testdir({ root: {}, outside: { f: 'x' } }))
  symlinkSync('../outside/f', join(folder, 'root/link'))
  t.equal(await found(join(folder, 'root'), 'link'), 'link-outside-root')
})

t.test('a release that is moved away after a swap is not taken for a link out of the root', async (t) => {
  const folder = realpathSync(t.testdir({ releases: {}, old: {} }))
  const current = join(folder, 'current')
  const release = (number: number): string => join(folder, 'releases', String(number))
  const make = (number: number): void => {
    mkdirSync(release(number))
    writeFileSync(join(release(number), 'f'), String(number))
    symlinkSync(release(number), join(folder, 'next'))
    renameSync(join(folder, 'next'), current)
  }
  make(0)
  let isOver = false
  const reader = async (): Promise<void> => {
    while (!isOver) t.match(await found(current, 'f'), /\/releases\/\d+\/f$|\/old\/f$/)
  }
  const readers = [reader(), reader(), reader(), reader()]
  for (let number = 1; number < 30; number++) {
    make(number)
    renameSync(release(number - 1), join(folder, 'old', String(number - 1)))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  isOver = true
  await Promise.all(readers)
  rmSync(join(folder, 'old'), { recursive: true })
})
