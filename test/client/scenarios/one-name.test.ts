// Two files of one run that turn out to have one name. One of them gets it, and the other is refused: at once or in turn, and
// whatever may be replaced. Otherwise the file that is there would be that of only one of two successes.
import { linkSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import promises from 'node:fs/promises'
import { join } from 'node:path'
import { type DownloadAllOptions, downloadAll, type FileOutcome, type FileRequest } from 'range-get'
import t, { type Test } from 'tap'
import { answerHonestly, makeContent, resource, sha256, startHostile } from '../support/hostile-server.ts'
import { hookFunction, hookHandles } from '../support/refusals.ts'
import { names, QUICK } from '../support/run.ts'

const FILES = new Map(
  ['/x/a.bin', '/y/a.bin', '/z/c.bin'].map((path) => [path, resource(makeContent(3000, path))]),
)

/** Asked for as `/named/PATH`, a file is named `a.bin` by the server. */
async function start(t: Test) {
  const server = await startHostile((request, socket) => {
    const path = request.path.replace(/^\/named/, '')
    const found = FILES.get(path)
    if (found === undefined) throw new Error(`no ${path}`)
    const disposition = path === request.path ? {} : { 'content-disposition': 'attachment; filename="a.bin"' }
    answerHonestly({ ...found, fields: { ...found.fields, ...disposition } }, request, socket)
  })
  t.teardown(() => server.stop())
  return server
}

async function getAll(files: Iterable<FileRequest>, options: DownloadAllOptions) {
  const run = downloadAll(files, { ...QUICK, ...options })
  const outcomes: FileOutcome[] = []
  for await (const outcome of run) outcomes.push(outcome)
  await run.finished.catch(() => undefined)
  return outcomes
}

function contentOf({ file }: FileOutcome): Buffer {
  const path = new URL(file.url).pathname.replace(/^\/named/, '')
  return FILES.get(path)?.content ?? Buffer.alloc(0)
}

const CASES: [name: string, first: [path: string, out?: string], second: [path: string, out?: string]][] = [
  ['one URL', ['/x/a.bin'], ['/x/a.bin']],
  ['two URLs with one last part', ['/x/a.bin'], ['/y/a.bin']],
  ['a name that the server chooses, after that of a URL', ['/x/a.bin'], ['/named/z/c.bin']],
  ['the name of a URL, after one that the server chooses', ['/named/z/c.bin'], ['/y/a.bin']],
  ['a path that the caller chose, after the name of a URL', ['/x/a.bin'], ['/z/c.bin', 'a.bin']],
  ['the name of a URL, after a path that the caller chose', ['/z/c.bin', 'a.bin'], ['/x/a.bin']],
  ['one path that the caller chose', ['/x/a.bin', 'a.bin'], ['/y/a.bin', './a.bin']],
  ['one folder by two names', ['/x/a.bin', 'folder/a.bin'], ['/y/a.bin', 'link/a.bin']],
]

for (const existing of ['refuse', 'replace', 'update'] as const)
  for (const parallel of [1, 4])
    t.test(`existing: ${existing}, ${parallel === 1 ? 'in turn' : 'at once'}`, async (t) => {
      for (const [name, ...pair] of CASES)
        await t.test(name, async (t) => {
          const server = await start(t)
          const directory = t.testdir({})
          mkdirSync(join(directory, 'folder'))
          symlinkSync('folder', join(directory, 'link'))
          const requests = pair.map(([path, out]) => ({
            url: server.url + path,
            destination: out === undefined ? { directory } : `${directory}/${out}`,
          }))
          const outcomes = await getAll(requests, { existing, parallel })
          t.strictSame(outcomes.map(({ error }) => error?.code ?? null).sort(), ['ERR_DOWNLOAD_BUSY', null])
          for (const { error } of outcomes)
            if (error) t.match(error.message, /another download of this process has the same output/)
          const done = outcomes.find(({ error }) => error === null)
          if (done?.result == null) return
          t.ok(readFileSync(done.result.path).equals(contentOf(done)), 'the file is that of the success')
          const left = [...names(directory), ...names(join(directory, 'folder'))]
          t.strictSame(
            left.filter(
              (each) => !/^(?:a\.bin|folder|link|\.a\.bin\.range-get|\.c\.bin\..*\.range-get)$/.test(each),
            ),
            [],
          )
        })
    })

t.test('a file that fails leaves its name to others', async (t) => {
  const server = await start(t)
  const directory = t.testdir({})
  const wrong = { checksum: `sha-256=${sha256(Buffer.from('other'))}` }
  const files = [
    { url: `${server.url}/x/a.bin`, destination: { directory }, ...wrong },
    { url: `${server.url}/y/a.bin`, destination: { directory } },
  ]
  const outcomes = await getAll(files, { parallel: 1 })
  t.strictSame(
    outcomes.map(({ error }) => error?.code ?? null),
    ['ERR_DOWNLOAD_DIGEST', null],
  )
})

t.test('a file that is there already has its name, too', async (t) => {
  const server = await start(t)
  const directory = t.testdir({})
  const url = `${server.url}/x/a.bin`
  const right = { checksum: `sha-256=${sha256(FILES.get('/x/a.bin')?.content ?? Buffer.alloc(0))}` }
  await getAll([{ url, destination: { directory } }], {})
  const outcomes = await getAll(
    [
      { url, destination: { directory }, ...right },
      { url: `${server.url}/y/a.bin`, destination: { directory } },
    ],
    { parallel: 1, existing: 'replace' },
  )
  t.strictSame(
    outcomes.map(({ error }) => error?.code ?? null),
    [null, 'ERR_DOWNLOAD_BUSY'],
  )
})

t.test(
  'a file that has not changed on the server keeps its name, by whatever path it is asked for',
  async (t) => {
    const server = await start(t)
    const url = `${server.url}/x/a.bin`
    for (const other of ['folder/a.bin', 'link/a.bin']) {
      const directory = t.testdir({ folder: {} })
      symlinkSync('folder', join(directory, 'link'))
      const file = { url, destination: `${directory}/folder/a.bin` }
      await getAll([file], { existing: 'update' })
      const outcomes = await getAll(
        [file, { url: `${server.url}/y/a.bin`, destination: `${directory}/${other}` }],
        {
          parallel: 1,
          existing: 'update',
        },
      )
      t.strictSame(
        outcomes.map(({ error, result }) => error?.code ?? result?.outcome),
        ['unchanged', 'ERR_DOWNLOAD_BUSY'],
      )
      t.ok(readFileSync(file.destination).equals(FILES.get('/x/a.bin')?.content ?? Buffer.alloc(0)))
    }
  },
)

for (const before of ['nothing', 'a file'])
  t.test(`the server names both, in one folder by two names, where ${before} is`, async (t) => {
    const server = await start(t)
    const directory = t.testdir({ folder: before === 'nothing' ? {} : { 'a.bin': 'old' } })
    symlinkSync('folder', join(directory, 'link'))
    // The first one gets its name only when the second one has seen what is there.
    let flushed = 0
    let onBoth: () => void = () => undefined
    const bothFlushed = new Promise<void>((resolve) => {
      onBoth = resolve
    })
    const unhook = await hookHandles('sync', () => {
      if (++flushed === 2) onBoth()
    })
    const own = promises.rename
    const undo = hookFunction('rename', async (from, to) => {
      if (String(to).endsWith('a.bin')) await bothFlushed
      await own(String(from), String(to))
    })
    const outcomes = await getAll(
      [
        { url: `${server.url}/named/y/a.bin`, destination: { directory: join(directory, 'folder') } },
        { url: `${server.url}/named/z/c.bin`, destination: { directory: join(directory, 'link') } },
      ],
      { existing: 'replace', parallel: 2 },
    )
    undo()
    unhook()
    t.strictSame(outcomes.map(({ error }) => error?.code ?? null).sort(), ['ERR_DOWNLOAD_BUSY', null])
    const done = outcomes.find(({ error }) => error === null)
    t.ok(done && readFileSync(join(directory, 'folder', 'a.bin')).equals(contentOf(done)))
  })

t.test('two names of one file are two files', async (t) => {
  const server = await start(t)
  const directory = t.testdir({})
  const files = ['one', 'two'].map((name) => ({
    url: `${server.url}/x/a.bin`,
    destination: join(directory, name),
  }))
  await getAll(files, { existing: 'update' })
  rmSync(join(directory, 'two'))
  linkSync(join(directory, 'one'), join(directory, 'two'))
  const outcomes = await getAll(files, { existing: 'update', parallel: 1 })
  t.strictSame(
    outcomes.map(({ error, result }) => error?.code ?? result?.outcome),
    ['unchanged', 'unchanged'],
  )
})

t.test('two calls of downloadAll() do not know of each other', async (t) => {
  const server = await start(t)
  const directory = t.testdir({})
  const file = { url: `${server.url}/x/a.bin`, destination: { directory } }
  for (let run = 0; run < 2; run++)
    t.equal((await getAll([file], { existing: 'replace' }))[0]?.error ?? null, null)
})
