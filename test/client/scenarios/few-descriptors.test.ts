// With few file descriptors (`ulimit -n`) there are fewer connections, or one clear message, and a later run finishes.
import { spawnSync } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { CLI } from '../../support/cli.ts'
import { REPOSITORY } from '../../support/repository.ts'
import { sameBytes } from '../../support/same-bytes.ts'
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts'
import { type Ended, type Running, rangeGet, spawnCommand } from '../support/command.ts'
import { makeContent, resource, sha256 } from '../support/hostile-server.ts'
import { startProxy, tunnel } from '../support/proxy.ts'
import { names, readOrNull } from '../support/run.ts'
import { startSlow } from '../support/slow-server.ts'
import { startTlsOrigin } from '../support/tls-origin.ts'

const DEMO = join(REPOSITORY, 'demo-client/dist/demo.js')
const CONTENT = makeContent(4_000_000)
const OTHER = makeContent(50_000, 'older')
const A = resource(CONTENT)
const MANY = ['-n', '16', '--segment-size', '100k']
/** Node cannot open the file in NODE_EXTRA_CA_CERTS either. */
const NODES_OWN = /^Warning: Ignoring extra certs from .*\n/m
const MESSAGE =
  /^range-get: .*this process has no file descriptor left \(EMFILE\)\..* Raise its limit \(ulimit -n\) and run again(; the limit is \d+)?\n$/

function withoutUlimit(): string | false {
  if (process.platform === 'win32') return 'no ulimit here'
  return spawnSync('bash', ['-c', 'ulimit -n 64']).status === 0 ? false : 'no bash with ulimit here'
}

/** The lowest limit with which this Node loads a module of one file. Below it no program can do anything. */
function leastLimit(dir: string): number {
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  writeFileSync(join(dir, 'module.js'), 'export {}')
  for (let limit = 15; limit < 40; limit++) {
    const command = `unset NODE_OPTIONS; ulimit -n ${limit}; exec "$0" module.js`
    if (spawnSync('bash', ['-c', command, process.execPath], { cwd: dir }).status === 0) return limit
  }
  throw new Error('Node does not start')
}

/** range-get with a limit. */
function limited(limit: number, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const all = [
    CLI,
    '-q',
    '--retry-delay',
    '0.01',
    '--stall-timeout',
    '20',
    ...MANY,
    '-o',
    'file.bin',
    ...args,
  ]
  const command = ['-c', `unset NODE_OPTIONS; ulimit -n ${limit}; exec "$0" "$@"`, process.execPath, ...all]
  return spawnCommand('bash', command, { cwd, env })
}

/** How a file is asked for. */
interface Way {
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  /** Makes the folder ready. */
  prepare?: (dir: string) => Promise<void>
}

/** Downloads with each limit, some at once, and checks how each ends. Returns the limits that were enough. */
async function tryAll(t: Test, limits: readonly number[], way: Way): Promise<number[]> {
  const enough: number[] = []
  const folder = t.testdir({})
  const waiting = [...limits]
  const work = async (): Promise<void> => {
    for (let limit = waiting.shift(); limit !== undefined; limit = waiting.shift()) {
      const dir = join(folder, String(limit))
      mkdirSync(dir)
      await way.prepare?.(dir)
      const ended = await limited(limit, way.args, dir, way.env).ended
      if (ended.status === 0) enough.push(limit)
      await look(t, `limit ${limit}`, { dir, ended, way })
    }
  }
  await Promise.all([work(), work(), work()])
  return enough
}

async function look(
  t: Test,
  name: string,
  { dir, ended, way }: { dir: string; ended: Ended; way: Way },
): Promise<void> {
  if (ended.status !== 0) {
    t.equal(ended.status, 15, `${name}: ${ended.stderr}`)
    t.match(ended.stderr.replace(NODES_OWN, ''), MESSAGE, name)
    const left = names(dir).filter(
      (each) => !['file.bin', 'file.bin.part', 'file.bin.part.json'].includes(each),
    )
    t.strictSame(left, [], `${name}: there is no other file`)
    const again = rangeGet(['-q', '-o', 'file.bin', ...way.args], dir, way.env)
    t.match(await again.ended, { status: 0, stderr: '' }, `${name}: the next run finishes`)
  }
  sameBytes(t, readOrNull(join(dir, 'file.bin')), CONTENT, `${name}: the file is exact`)
  t.strictSame(names(dir), ['file.bin'], `${name}: there is no other file`)
}

t.setTimeout(300_000)

t.test('a download with few descriptors uses fewer connections', { skip: withoutUlimit() }, async (t) => {
  const server = await startSlow(A)
  t.teardown(() => server.stop())
  const dir = t.testdir({ least: {}, tls: {} })
  const least = leastLimit(join(dir, 'least'))
  const url = `${server.url}/file.bin`
  const above = (...more: readonly number[]): number[] => more.map((each) => least + each)

  await t.test('a download over http finishes', async (t) => {
    const enough = await tryAll(t, [...above(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12), 64], { args: [url] })
    t.ok(Math.min(...enough) <= least + 8, `enough: ${enough}`)
  })

  await t.test('a download over http through a proxy finishes', async (t) => {
    const args = ['--proxy', server.url, 'http://files.invalid/file.bin']
    await tryAll(t, above(3, 6, 8, 9), { args })
  })

  await t.test('a download with a checksum replaces an older file', async (t) => {
    const prepare = async (dir: string): Promise<void> => writeFileSync(join(dir, 'file.bin'), OTHER)
    const args = ['--overwrite', '--checksum', `sha-256=${sha256(CONTENT)}`, url]
    await tryAll(t, above(3, 6, 8, 9), { args, prepare })
  })

  await t.test('a file that exists already is verified', async (t) => {
    const prepare = async (dir: string): Promise<void> => writeFileSync(join(dir, 'file.bin'), CONTENT)
    await tryAll(t, above(1, 2, 3, 8), { args: ['--checksum', `sha-256=${sha256(CONTENT)}`, url], prepare })
  })

  await t.test('a download is resumed', async (t) => {
    const prepare = async (dir: string): Promise<void> => {
      const run = rangeGet(['-q', '--limit-rate', '500k', '-o', 'file.bin', url], dir)
      const part = join(dir, 'file.bin.part')
      while ((statSync(part, { throwIfNoEntry: false })?.size ?? 0) < 200_000) await sleep(10)
      run.child.kill('SIGINT')
      t.equal((await run.ended).status, 130)
    }
    await tryAll(t, above(3, 6, 8, 9), { args: [url], prepare })
  })

  await t.test('the demo and its server work, or say what is missing', async (t) => {
    const cwd = t.testdir({})
    for (const limit of above(1, 3, 9, 20)) {
      const command = `unset NODE_OPTIONS; ulimit -n ${limit}; exec "$0" "$@"`
      const args = ['-c', command, process.execPath, DEMO, '--port', '0', '--out', join(cwd, 'out.txt')]
      const { status, stderr } = await spawnCommand('bash', args, { cwd }).ended
      if (status === 0) continue
      t.ok(status === 13 || status === 15, `limit ${limit}: ${status}`)
      t.match(stderr.replace(NODES_OWN, ''), /^demo: .*EMFILE.*\(ulimit -n\).*\n$/, `limit ${limit}`)
    }
  })

  await t.test('a download over https finishes', { skip: withoutOpenssl() }, async (t) => {
    const certificate = makeCertificate(join(dir, 'tls'))
    const origin = await startTlsOrigin(t, certificate, CONTENT)
    const env = { NODE_EXTRA_CA_CERTS: certificate.path }
    const proxy = await startProxy((request, socket) => tunnel(request, socket, 'HTTP/1.1 200 OK\r\n\r\n'))
    t.teardown(() => proxy.stop())
    const tls = `https://localhost:${origin.port}/file.bin`
    await t.test(
      'a direct download finishes',
      async (t) => void (await tryAll(t, above(3, 6, 8, 9), { args: [tls], env })),
    )
    await t.test('a download through a proxy finishes', async (t) => {
      await tryAll(t, above(3, 6, 8, 9), { args: ['--proxy', proxy.url, tls], env })
    })
  })
})
