// Which names of a file allow an HTML page.
import t from 'tap'
import { type FileNames, isPageExpected } from '#client/content/named-content.js'

function names(url: string, more: Partial<FileNames> & { last?: string } = {}): FileNames {
  const { last = url, disposition = null, output = null } = more
  return { urls: [url, last], disposition, output }
}

t.test('an HTML page is expected', async (t) => {
  const rows: [string, FileNames][] = [
    ['no extension', names('download')],
    ['a page', names('index.html')],
    ['a page in capitals', names('INDEX.HTM')],
    ['the output of a program', names('page.php', { last: 'show.aspx' })],
    ['a full stop in the text', names("St. Mary's")],
    ['an output named as a page', names('v1.2', { output: 'notes.html' })],
    ['an output without an extension', names('download', { output: 'notes' })],
    ['a page by its disposition', names('download', { disposition: 'x.xhtml' })],
    ['a page with a path parameter', names('index.html;jsessionid=1')],
    ['a copy of a page', names('index.html (1)')],
    ['a program with a parameter', names('show.php;a=b')],
    ['a token', names(`a.${'x'.repeat(43)}`)],
    ['a full stop in brackets', names('Acme_(Inc.)')],
    ['a page and full stops', names('index.html. .')],
    ['a page with a query in its name', names('index.html?v=1.2')],
    ['a page that is all extension', names('.html')],
    ['a compressed page', names('index.html.gz')],
    ['a compressed page that is all extension', names('.html.gz')],
    ['the compressed output of a program', names('page.php.br')],
    ['an output that is a compressed page', names('v1.2', { output: 'a.HTM.zst' })],
    ['a disposition of a compressed page', names('x', { disposition: 'a.html.xz' })],
    ['a name of full stops', names('..')],
  ]
  for (const [name, row] of rows) t.equal(isPageExpected(row), true, name)
})

t.test('an HTML page is not expected', async (t) => {
  const rows: [string, FileNames][] = [
    ['an archive', names('a.zip')],
    ['a long extension', names('m.safetensors')],
    ['an extension with an underscore', names('kernel.x86_64')],
    ['a script', names('get-pip.py')],
    ['a path parameter', names('f.pdf;jsessionid=1')],
    ['a path parameter with a page in it', names('f.pdf;next=index.html')],
    ['an extension in Cyrillic', names('f.\u0444')],
    ['an extension in Devanagari', names('f.\u0939\u093f')],
    ['an extension that is not UTF-8', names('f.%F4%E0')],
    ['an extension with a blank', names('f.a b')],
    ['a copy of an archive', names('f.zip (1)')],
    ['a file in the middle of redirects', { ...names('dl'), urls: ['dl', 'f.zip', 'login'] }],
    ['a file that was redirected to a login', names('m.gguf', { last: 'login' })],
    ['a login that was redirected to a file', names('go', { last: 'm.gguf' })],
    ['all extension', names('.zip')],
    ['a compressed file of no kind', names('data.gz')],
    ['a compressed version', names('v1.2.gz')],
    ['a compressed archive', names('a.tar.gz')],
    ['a page in an archive', names('a.html.zip')],
    ['only the extension of a compression', names('.gz')],
    ['an output that is a compressed text', names('index.html', { output: 'a.txt.gz' })],
    ['all extension, two full stops', names('..zip')],
    ['all extension, as the output', names('download', { output: '.zip' })],
    ['all extension, as the disposition', names('download', { disposition: '.zip' })],
    ['a full stop behind', names('a.zip.')],
    ['blanks and full stops behind', names('a.ZIP . .\u00a0')],
    ['an output with a full stop behind', names('download', { output: 'a.zip.' })],
    ['a query in the name', names('a.zip?page=index.html')],
    ['an output', names('download', { output: 'm.safetensors' })],
    ['an output of a page', names('index.html', { output: 'm.bin' })],
    ['an output named as a program', names('download', { output: 'index.php' })],
    ['a disposition', names('download', { disposition: 'm.zip' })],
    ['a disposition although the output is a page', names('x', { disposition: 'm.zip', output: 'a.html' })],
  ]
  for (const [name, row] of rows) t.equal(isPageExpected(row), false, name)
})
