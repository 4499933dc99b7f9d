// The command line of `npm start`.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { plain, readDocument } from '../docs/support/markdown.ts'
import { REPOSITORY } from '../support/repository.ts'

const {
  HELP,
  parseArguments,
}: { HELP: string; parseArguments: (args: readonly string[]) => Readonly<Record<string, unknown>> } =
  await import(`${REPOSITORY}demo-server/dist/arguments.js`)

t.test('the help fits 80 columns', async (t) => {
  for (const line of HELP.split('\n')) t.ok(line.length <= 80, line)
})

for (const [args, message] of [
  [['--prot', '3'], 'there is no option --prot; there are --port, --host, --data, --s3, --quiet, --help'],
  [['-p', '3'], 'there is no option -p; there are --port, --host, --data, --s3, --quiet, --help'],
  [['--port'], '--port takes a value'],
  [['--port', '-1'], '--port takes a value'],
  [['--port=-1'], "--port must be a number from 0 to 65535, not '-1'"],
  [['--quiet=yes'], '--quiet takes no value'],
  [['--host='], '--host must not be empty'],
  [['--s3'], '--s3 takes a value'],
  [['--s3='], '--s3 must not be empty'],
  [['--s3', 'films'], '--s3 must be s3://BUCKET/PREFIX or https://ENDPOINT/BUCKET/PREFIX'],
  [['--s3', 'gs://films'], '--s3 must be s3://BUCKET/PREFIX or https://ENDPOINT/BUCKET/PREFIX'],
  [['--s3', 's3://'], '--s3 names no bucket'],
  [['--s3', 'https://store.example'], '--s3 names no bucket'],
  [['--s3', 'https://store.example//films'], '--s3 names no bucket'],
  [['--s3', 'https://'], '--s3 is not a valid URL'],
  [['--s3', 'https://store.example/films/%'], '--s3 has a % that encodes no character'],
  [
    ['--s3', 'https://key:secret@store.example/films'],
    '--s3 takes no query, fragment or password: the keys are in AWS_ACCESS_KEY_ID, …',
  ],
  [
    ['--s3', 'https://store.example/films?X-Amz-Signature=secret'],
    '--s3 takes no query, fragment or password: the keys are in AWS_ACCESS_KEY_ID, …',
  ],
  [
    ['--s3', 'https://films.s3.eu-central-1.amazonaws.com/demo'],
    '--s3: write s3://films/demo and set AWS_REGION',
  ],
  [['3333'], `there is no argument '3333'; npm passes on options after "--": npm start -- --port 3333`],
] as const)
  t.test(`it refuses ${args.join(' ')}`, async (t) => {
    t.strictSame(parseArguments(args), { kind: 'invalid', message })
  })

t.test('it accepts every option', async (t) => {
  t.strictSame(parseArguments(['--port', '0', '--host=::1', '--data', 'd', '--quiet']), {
    kind: 'run',
    port: 0,
    host: '::1',
    dataDir: 'd',
    s3: undefined,
    quiet: true,
  })
  t.strictSame(parseArguments(['-h']), { kind: 'help' })
})

for (const [url, bucket, prefix, endpoint] of [
  ['s3://films', 'films', '', undefined],
  ['s3://films/', 'films', '', undefined],
  ['S3://films/a b/%41', 'films', 'a b/%41/', undefined],
  ['s3://films/demo', 'films', 'demo/', undefined],
  ['https://store.example/films', 'films', '', 'https://store.example'],
  ['https://store.example/films/', 'films', '', 'https://store.example'],
  ['http://[::1]:9000/films/demo/a%20b', 'films', 'demo/a b/', 'http://[::1]:9000'],
  ['https://s3.eu-central-1.amazonaws.com/films', 'films', '', 'https://s3.eu-central-1.amazonaws.com'],
] as const)
  t.test(`--s3 ${url} is a bucket, a folder and a store`, async (t) => {
    t.match(parseArguments(['--s3', url]), { kind: 'run', s3: { bucket, prefix, endpoint } })
  })

for (const [path, heading, option, byDefault] of [
  ['demo-server/README.md', 'The command', 'option', 'default'],
  ['README.zh-CN.md', '演示服务器的命令', '选项', '默认值'],
] as const) {
  t.test(`${path} has the options of the help, each with its default`, async (t) => {
    const help = [...HELP.matchAll(/^ {2}((?:-\w, )?--\w+(?: [A-Z\d]+)?) .*(?:\n {14}.*)*/gm)]
    const [{ rows } = { rows: [] }] = readDocument(path).tables.filter((table) => table.heading === heading)
    t.strictSame(
      rows.map((row) => plain(row[option])),
      help.map(([, spelling]) => spelling),
    )
    for (const [index, [text]] of help.entries()) {
      const [, value = ''] = /\(default\s+([^,:)]+)/.exec(text) ?? []
      t.equal(/^`([^`]+)`/.exec(rows[index]?.[byDefault] ?? '')?.[1] ?? '', value, text)
    }
  })
}

t.test('the documents show URLs that it takes', async (t) => {
  for (const path of ['README.md', 'README.zh-CN.md', 'demo-server/README.md']) {
    const urls = [...readFileSync(REPOSITORY + path, 'utf8').matchAll(/npm start -- --s3 ([^\s`]+)/g)]
    t.not(urls.length, 0, path)
    for (const [, url = ''] of urls) t.match(parseArguments(['--s3', url]), { kind: 'run' }, url)
  }
})
