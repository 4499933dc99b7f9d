// The command is killed before each of its steps on the disk. The next run ends with the exact file, and leaves no other
// file in the folder or beside the secret.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DownloadError, type DownloadOptions, download } from 'range-get'
import t from 'tap'
import { sameBytes } from '../../support/same-bytes.ts'
import { type Ended, rangeGet } from '../support/command.ts'
import {
  honest,
  makeContent,
  part,
  resource,
  type Script,
  startHostile,
  wanted,
} from '../support/hostile-server.ts'
import { refuse } from '../support/refusals.ts'
import { names, QUICK, readOrNull } from '../support/run.ts'

const CONTENT = makeContent(100_000)
const NAMED = resource(CONTENT, { 'content-disposition': 'attachment; filename="file.bin"' })
const ONCE = { content: CONTENT, fields: {} }
/** A file with a journal. A smaller one is complete before its first journal is due. */
const LARGE = makeContent(1_100_000)
/** Tests only one of this many steps, from this one on. By default all are tested. */
const EVERY = Number(process.env['KILL_EVERY'] ?? 1)
const FROM = Number(process.env['KILL_FROM'] ?? 0)
/** How many processes run at once. */
const AT_ONCE = 3

// Some two hundred processes, on a machine that may be busy.
t.setTimeout(900_000)

const field = (bytes: Buffer): string => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`

/** Sends each path of LARGE with a flipped bit at first, and then as it is. Has digests of the file and of its parts. */
function damagedAtFirst(): Script {
  const damaged = new Set<string>()
  return (request, socket) => {
    const range = wanted(request, LARGE.length) ?? { start: 0, end: LARGE.length }
    const body = Buffer.from(LARGE.subarray(range.start, range.end))
    const fields = { ...resource(LARGE).fields, 'repr-digest': field(LARGE) }
    // The first answer has no Content-Digest, so the damage is found when the file is complete.
    const isFirst = !damaged.has(request.path)
    const own = isFirst ? {} : { 'content-digest': field(body) }
    if (isFirst) body[100] = (body[100] ?? 0) ^ 1
    damaged.add(request.path)
    socket.write(part(range, LARGE.length, { ...fields, ...own }))
    socket.write(body)
  }
}

interface Row {
  readonly name: string
  readonly args: readonly string[]
  /** Default: CONTENT. */
  readonly content?: Buffer
  /** The same for the library. */
  readonly options?: DownloadOptions
  readonly script?: Script
  /** The name in the URL. */
  readonly path?: string
  /** Files of the user in the folder, which stay. */
  readonly planted?: readonly string[]
  /** A `file.bin` that the download replaces. */
  readonly existing?: string
  readonly refuse?: string
  /** The step before which an earlier run was killed. */
  readonly first?: string
}

const NAME = ['-o', 'file.bin'] as const

const ROWS: readonly Row[] = [
  { name: 'the caller gives the name', args: NAME },
  { name: 'the server gives the name', args: [], script: honest(NAMED), path: 'download?id=1' },
  {
    name: 'a file that is replaced',
    args: [...NAME, '--overwrite'],
    options: { existing: 'replace' },
    existing: 'old',
  },
  { name: 'a download that cannot be resumed', args: NAME, script: honest(ONCE) },
  { name: 'a part file of the user in the way', args: NAME, planted: ['file.bin.part'] },
  { name: 'no hard links', args: NAME, refuse: 'link:EPERM' },
  { name: 'a large file', args: NAME, content: LARGE },
  { name: 'a large file, no hard links', args: NAME, content: LARGE, refuse: 'link:EPERM' },
  { name: 'a large file, a damaged part of it', args: NAME, content: LARGE, script: damagedAtFirst() },
  { name: 'a large file, killed twice', args: NAME, content: LARGE, first: 'rename:\\.part\\.done\\.' },
]

interface Place {
  readonly dir: string
  readonly state: string
}

/** Runs the command of the row in `place`, with more variables. */
async function run(row: Row, url: string, { dir, state }: Place, more: NodeJS.ProcessEnv): Promise<Ended> {
  const hooks = ['with-kill', 'with-refusals', 'with-steps'].map((name) =>
    fileURLToPath(new URL(`../support/${name}.js`, import.meta.url)),
  )
  const NODE_OPTIONS = hooks.map((path) => `--import ${path}`).join(' ')
  const env = { NODE_OPTIONS, XDG_STATE_HOME: state, REFUSE: row.refuse ?? '', ...more }
  return await rangeGet(['-q', ...row.args, url], dir, env).ended
}

/** Makes the next run, in this process. Returns the code of its failure, or null. */
async function runAgain(row: Row, url: string, { dir, state }: Place): Promise<string | null> {
  const [what, code] = row.refuse?.split(':') ?? []
  const undo = what === 'link' ? await refuse(what, code ?? '') : () => undefined
  const own = process.env['XDG_STATE_HOME']
  process.env['XDG_STATE_HOME'] = state
  try {
    const destination = row.args.includes('-o') ? join(dir, 'file.bin') : { directory: dir }
    await download(url, destination, { ...QUICK, ...row.options }).finished
    return null
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error
    return error.code
  } finally {
    process.env['XDG_STATE_HOME'] = own
    undo()
  }
}

/** Makes a folder and a home folder for the secret, as the row says. */
async function prepare(row: Row, url: string, root: string): Promise<Place> {
  const place = { dir: join(root, 'work'), state: join(root, 'state') }
  mkdirSync(place.dir, { recursive: true })
  for (const name of row.planted ?? []) writeFileSync(join(place.dir, name), `the user's own ${name}`)
  if (row.existing !== undefined) writeFileSync(join(place.dir, 'file.bin'), row.existing)
  if (row.first !== undefined) await run(row, url, place, { KILL: row.first })
  return place
}

/** The steps of a run that is not killed. */
async function stepsOf(row: Row, url: string, root: string): Promise<string[]> {
  const steps = join(root, 'steps')
  const { status } = await run(row, url, await prepare(row, url, root), { STEPS: steps })
  if (status !== 0) throw new Error(`status ${status}`)
  return readFileSync(steps, 'utf8').replaceAll(`${root}/`, '').trim().split('\n')
}

/** Does `work` for each of `items`, some at once. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, next))
}

for (const row of ROWS) {
  t.test(`after a kill before any step the next run ends with the exact file (${row.name})`, async (t) => {
    const { content = CONTENT } = row
    const server = await startHostile(row.script ?? honest(resource(content)))
    t.teardown(() => server.stop())
    const urlOf = (place: number | string): string => `${server.url}/${place}/${row.path ?? 'file.bin'}`
    const root = t.testdir({})
    const steps = await stepsOf(row, urlOf('whole'), join(root, 'whole'))
    t.ok(steps.length > 15, `${steps.length} steps`)
    const places = new Map<string, Place & { readonly url: string }>()
    const taken = [...steps.entries()].filter(([index]) => index % EVERY === FROM)
    t.ok(taken.length > 0)
    await forEach(taken, async ([index, step]) => {
      const url = urlOf(index)
      const place = { ...(await prepare(row, url, join(root, String(index)))), url }
      const { signal, status, stderr } = await run(row, url, place, { KILL_STEP: String(index + 1) })
      // The journal is written more or less often, depending on the speed, so another run may take fewer steps.
      t.ok(signal === 'SIGKILL' || status === 0, `${step}: ${stderr}`)
      places.set(`before ${index} ${step} left ${names(place.dir).join(' ')}`, place)
    })
    for (const [step, place] of places) {
      const code = await runAgain(row, place.url, place)
      const isUnknown = row.refuse !== undefined && readOrNull(join(place.dir, 'file.bin'))?.length === 0
      // An empty file reserves the name, and the journal does not say so yet.
      if (code === 'ERR_DOWNLOAD_EXISTS' && isUnknown) continue
      // The kill came after everything except the cleaning up.
      if (code !== null) t.equal(code, 'ERR_DOWNLOAD_EXISTS', step)
      sameBytes(t, readOrNull(join(place.dir, 'file.bin')), content, step)
      t.strictSame(names(place.dir), ['file.bin', ...(row.planted ?? [])].sort(), step)
      t.strictSame(names(join(place.state, 'range-get')), ['journal.key'], step)
    }
  })
}
