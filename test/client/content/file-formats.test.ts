// Which stand-ins the names of a file exclude.
import t from 'tap'
import { suspectsFor } from '#client/content/file-formats.js'
import { type FileNames, isPageExpected } from '#client/content/named-content.js'

const ALL = ['page', 'json', 'error', 'pointer']

function names(url: string, more: Partial<FileNames> & { last?: string } = {}): FileNames {
  const { last = url, disposition = null, output = null } = more
  return { urls: [url, last], disposition, output }
}

t.test('a binary format is suspected of every stand-in', async (t) => {
  const rows: [string, FileNames][] = [
    ['a model', names('m.safetensors')],
    ['an archive', names('a.zip')],
    ['in capitals', names('A.ZIP')],
    ['a full stop behind', names('a.zip. ')],
    ['all extension', names('.zip')],
    ['a copy', names('a.zip (1)')],
    ['a parameter', names('f.pdf;jsessionid=1')],
    ['a parameter with a page in it', names('f.pdf;next=index.html')],
    ['a query in the name', names('a.zip?page=index.html')],
    ['a program of a machine', names('kernel.x86_64')],
    ['a compressed dump', names('wiki.sql.gz')],
    ['a compressed archive', names('a.tar.zst')],
    ['a compressed file of no kind', names('data.gz')],
    ['a web archive', names('a.warc.gz')],
    ['redirected to a login', names('m.gguf', { last: 'login' })],
    ['redirected to a page', names('m.gguf', { last: 'login.html' })],
    ['redirected to a file', names('go', { last: 'm.gguf' })],
    ['an output', names('download', { output: 'm.onnx' })],
    ['an output in place of a page', names('index.html', { output: 'm.onnx' })],
    ['a disposition', names('download', { disposition: 'm.zip' })],
    ['a disposition in place of a program', names('get.php', { disposition: 'm.zip' })],
    ['a program that is redirected to a file', names('get.php', { last: 'm.zip' })],
    ['a version that is redirected to a file', names('v1.2', { last: 'm.tar.gz' })],
    ['a model, or a file of bytes', names('m.bin', { last: 'm.gguf' })],
    ['an output that says nothing', names('m.zip', { output: 'model' })],
    ['an output on its way', names('m.zip', { output: 'm.tmp' })],
    ['an output on its way, and a disposition', names('x', { output: 'm.part', disposition: 'm.7z' })],
  ]
  for (const [name, row] of rows) {
    t.strictSame(suspectsFor(row), ALL, name)
    t.notOk(isPageExpected(row), `${name}: a labelled page is refused, too`)
  }
})

t.test('a file of unknown bytes is suspected of a pointer only', async (t) => {
  const rows: [string, FileNames][] = [
    ['a model', names('pytorch_model.bin')],
    ['a model or a template', names('m.pt')],
    ['an output', names('a.zip', { output: 'm.bin' })],
    ['redirected to a login', names('m.bin', { last: 'login' })],
    ['redirected from a login', names('login', { last: 'm.bin' })],
  ]
  for (const [name, row] of rows) t.strictSame(suspectsFor(row), ['pointer'], name)
})

t.test('a text is suspected of nothing', async (t) => {
  const rows: [string, FileNames][] = [
    ['no extension', names('download')],
    ['no names', { urls: [], disposition: null, output: null }],
    ...[
      ...['a.html', 'a.htm', 'a.xhtml', 'a.php', 'a.asp', 'a.aspx', 'a.jsp', 'a.cgi', 'a.do'],
      ...['a.txt', 'a.md', 'a.json', 'a.xml', 'a.svg', 'a.csv', 'a.js', 'a.css', 'a.py', 'a.log', 'a.eml'],
      ...['a.doc', 'a.xls', 'a.ppt', 'a.ts', 'a.mts', 'a.svgz', 'example.com', 'a.zip.001', 'a.snap'],
      ...[
        'a.html.gz',
        'a.php.br',
        'a.txt.gz',
        'a.xml.bz2',
        'a.md.zst',
        'a.svg.gz',
        'a.HTML.GZ',
        'a.z.unknown',
      ],
      ...['a.zip.asc', 'a.zip.sha256', 'a.zip.html', 'v1.2', "St. Mary's"],
    ].map((name): [string, FileNames] => [name, names(name)]),
    ['a text that is redirected to an archive', names('readme.txt', { last: 'a.zip' })],
    ['a page that is redirected to an archive', names('a.html', { last: 'a.zip' })],
    ['a page with a parameter', names('index.html;next=a.zip')],
    ['an output', names('a.zip', { output: 'a.txt' })],
    ['an output of no kind that is known', names('a.zip', { output: 'a.orig' })],
    [
      'an output although the disposition is an archive',
      names('x', { output: 'a.md', disposition: 'a.zip' }),
    ],
    ['a disposition', names('a.zip', { disposition: 'readme.txt' })],
    ['an output of a page', names('a.zip', { output: 'a.html' })],
  ]
  for (const [name, row] of rows) t.strictSame(suspectsFor(row), [], name)
})
