import t from 'tap'
import { type Dotfiles, type ResolvedPath, resolvePath } from '#plugin/resolve-path.js'

const inside = (...segments: string[]): ResolvedPath => ({ kind: 'inside', segments })
const refused = (reason: 'invalid' | 'outside' | 'dotfile' | 'absent'): ResolvedPath => ({
  kind: 'refused',
  reason,
})

t.test('a path inside the root', async (t) => {
  const names = [
    'a.txt',
    'no extension',
    'two  spaces',
    ' leading and trailing ',
    '100%',
    '%41.txt',
    '%2e%2e',
    '%2F',
    'a#b',
    'a+b',
    'a&b=c;d,e',
    'a?b',
    'a:b',
    'a@b',
    '$HOME',
    '~',
    '*',
    '(1) [2] {3}',
    `it's "quoted"`,
    '<script>',
    'a|b',
    'a`b`',
    'tab\there',
    'line\nfeed',
    'Größe.txt',
    'na\u0308her.txt',
    '日本語.txt',
    '☃',
    '👩‍🚀.mp4',
    '\u202egnp.exe',
    'a..b',
    'a...',
    'a.',
    'constructor',
    '__proto__',
    'x'.repeat(255),
    'ß'.repeat(127),
  ]
  for (const name of names) {
    t.strictSame(resolvePath(name, 'ignore'), inside(name), JSON.stringify(name.slice(0, 20)))
    t.strictSame(resolvePath(`a/b/${name}`, 'ignore'), inside('a', 'b', name))
  }
})

t.test('a path that leads out, or could', async (t) => {
  const cases = [
    { name: '..', path: '..', want: refused('outside') },
    { name: '.. and a name', path: '../a.txt', want: refused('outside') },
    { name: '.. in the middle, even when it stays inside', path: 'a/../b', want: refused('outside') },
    { name: '.. at the end', path: 'a/..', want: refused('outside') },
    { name: '.. behind an empty segment', path: '//../a', want: refused('outside') },
    { name: 'a sibling with the same prefix', path: '../root-of-another/a', want: refused('outside') },
    { name: '.. with a backslash', path: '..\\a.txt', want: refused('invalid') },
    { name: '.. between backslashes', path: 'a\\..\\..\\b', want: refused('invalid') },
    { name: 'a backslash alone', path: '\\', want: refused('invalid') },
    { name: 'a backslash in a name', path: 'a\\b', want: refused('invalid') },
    { name: 'NUL', path: '\0', want: refused('invalid') },
    { name: 'NUL before an extension', path: 'a.php\0.txt', want: refused('invalid') },
    { name: 'NUL and ..', path: '../a\0', want: refused('invalid') },
    { name: 'a lone surrogate', path: 'a\ud800', want: refused('invalid') },
    { name: 'a lone surrogate that comes second', path: '\udc00a', want: refused('invalid') },
    { name: 'nothing', path: '', want: refused('invalid') },
  ]
  for (const { name, path, want } of cases) t.strictSame(resolvePath(path, 'allow'), want, name)
})

t.test('a second name of a file is no name', async (t) => {
  const cases = [
    { name: 'a leading slash', path: '/a.txt' },
    { name: 'a trailing slash', path: 'a.txt/' },
    { name: 'a double slash', path: 'a//b' },
    { name: 'a slash alone', path: '/' },
    { name: 'an absolute path', path: '/etc/passwd' },
    { name: '. first', path: './a.txt' },
    { name: '. in the middle', path: 'a/./b' },
    { name: '. last', path: 'a/.' },
    { name: '. alone', path: '.' },
  ]
  for (const { name, path } of cases) t.strictSame(resolvePath(path, 'allow'), refused('absent'), name)
})

t.test('a name that no file system holds', async (t) => {
  const cases = [
    { name: 'a segment of 256 bytes', path: 'x'.repeat(256) },
    { name: 'a folder of 256 bytes', path: `${'x'.repeat(256)}/a` },
    { name: 'a segment of 128 characters in 256 bytes', path: 'ß'.repeat(128) },
    { name: 'a path of 4097 bytes', path: `${'a/'.repeat(2048)}b` },
    { name: 'a path of a megabyte', path: 'a/'.repeat(500_000) },
  ]
  for (const { name, path } of cases) t.strictSame(resolvePath(path, 'allow'), refused('absent'), name)
})

t.test('dotfiles', async (t) => {
  const policies: { policy: Dotfiles; want: (...segments: string[]) => ResolvedPath }[] = [
    { policy: 'ignore', want: () => refused('absent') },
    { policy: 'deny', want: () => refused('dotfile') },
    { policy: 'allow', want: inside },
  ]
  for (const { policy, want } of policies) {
    t.strictSame(resolvePath('.env', policy), want('.env'), `a file, ${policy}`)
    t.strictSame(resolvePath('a/.git/config', policy), want('a', '.git', 'config'), `a folder, ${policy}`)
    t.strictSame(resolvePath('a/b/.x', policy), want('a', 'b', '.x'), `a file below, ${policy}`)
    t.strictSame(resolvePath('...', policy), want('...'), `three dots, ${policy}`)
    t.strictSame(resolvePath('..a', policy), want('..a'), `two dots and a name, ${policy}`)
    t.strictSame(resolvePath('../.env', policy), refused('outside'), `.. comes first, ${policy}`)
  }
})
