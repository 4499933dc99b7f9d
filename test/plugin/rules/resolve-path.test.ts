import t from 'tap'
import type { Refusal } from '#plugin/rules/refusal.js'
import { type Dotfiles, type ResolvedPath, resolvePath } from '#plugin/rules/resolve-path.js'

const inside = (...segments: string[]): ResolvedPath => ({ kind: 'inside', segments })
const refused = (reason: Refusal): ResolvedPath => ({
  kind: 'refused',
  reason,
})

t.test('a path inside the root is taken segment by segment', async (t) => {
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

t.test('a path that leads out of the root, or could, is refused', async (t) => {
  const cases = [
    { name: '..', path: '..', want: refused('outside-root') },
    { name: '.. and a name', path: '../a.txt', want: refused('outside-root') },
    { name: '.. in the middle, even when it stays inside', path: 'a/../b', want: refused('outside-root') },
    { name: '.. at the end', path: 'a/..', want: refused('outside-root') },
    { name: '.. behind an empty segment', path: '//../a', want: refused('outside-root') },
    { name: 'a sibling with the same prefix', path: '../root-of-another/a', want: refused('outside-root') },
    { name: '.. with a backslash', path: '..\\a.txt', want: refused('backslash') },
    { name: '.. between backslashes', path: 'a\\..\\..\\b', want: refused('backslash') },
    { name: 'a backslash alone', path: '\\', want: refused('backslash') },
    { name: 'a backslash in a name', path: 'a\\b', want: refused('backslash') },
    { name: 'NUL', path: '\0', want: refused('nul') },
    { name: 'NUL before an extension', path: 'a.php\0.txt', want: refused('nul') },
    { name: 'NUL and ..', path: '../a\0', want: refused('nul') },
    { name: 'a lone surrogate', path: 'a\ud800', want: refused('lone-surrogate') },
    { name: 'a lone surrogate that comes second', path: '\udc00a', want: refused('lone-surrogate') },
    { name: 'an empty path', path: '', want: refused('empty-path') },
  ]
  for (const { name, path, want } of cases) t.strictSame(resolvePath(path, 'allow'), want, name)
})

t.test('a second spelling of a path is refused', async (t) => {
  const cases = [
    { name: 'a leading slash', path: '/a.txt', want: refused('leading-slash') },
    { name: 'a trailing slash', path: 'a.txt/', want: refused('trailing-slash') },
    { name: 'a double slash', path: 'a//b', want: refused('empty-segment') },
    { name: 'a slash alone', path: '/', want: refused('leading-slash') },
    { name: 'an absolute path', path: '/etc/passwd', want: refused('leading-slash') },
    { name: '. first', path: './a.txt', want: refused('dot-segment') },
    { name: '. in the middle', path: 'a/./b', want: refused('dot-segment') },
    { name: '. last', path: 'a/.', want: refused('dot-segment') },
    { name: '. alone', path: '.', want: refused('dot-segment') },
  ]
  for (const { name, path, want } of cases) t.strictSame(resolvePath(path, 'allow'), want, name)
})

t.test('a name that is too long for any file system is refused', async (t) => {
  const cases = [
    { name: 'a segment of 256 bytes', path: 'x'.repeat(256) },
    { name: 'a folder of 256 bytes', path: `${'x'.repeat(256)}/a` },
    { name: 'a segment of 128 characters in 256 bytes', path: 'ß'.repeat(128) },
    { name: 'a path of 4097 bytes', path: `${'a/'.repeat(2048)}b` },
    { name: 'a path of a megabyte', path: 'a/'.repeat(500_000) },
  ]
  for (const { name, path } of cases) t.strictSame(resolvePath(path, 'allow'), refused('too-long'), name)
})

t.test('dotfiles are ignored, denied or allowed by the option', async (t) => {
  const policies: { policy: Dotfiles; want: (...segments: string[]) => ResolvedPath }[] = [
    { policy: 'ignore', want: () => refused('dotfile') },
    { policy: 'deny', want: () => refused('dotfile-denied') },
    { policy: 'allow', want: inside },
  ]
  for (const { policy, want } of policies) {
    t.strictSame(resolvePath('.env', policy), want('.env'), `a file, ${policy}`)
    t.strictSame(resolvePath('a/.git/config', policy), want('a', '.git', 'config'), `a folder, ${policy}`)
    t.strictSame(resolvePath('a/b/.x', policy), want('a', 'b', '.x'), `a file below, ${policy}`)
    t.strictSame(resolvePath('...', policy), want('...'), `three dots, ${policy}`)
    t.strictSame(resolvePath('..a', policy), want('..a'), `two dots and a name, ${policy}`)
    t.strictSame(resolvePath('../.env', policy), refused('outside-root'), `.. comes first, ${policy}`)
  }
})
