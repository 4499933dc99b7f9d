import t from 'tap'
import { assertInside } from '#client/lists/inside-name.js'

for (const path of [
  'a',
  'a.iso',
  'a b.iso',
  'a/b/c.iso',
  '日本語.bin',
  'a..b',
  "what's new.txt",
  'caf\u00e9',
  'cafe\u0301/x',
])
  t.test(`a list may name a file ${path}`, async (t) => {
    for (const platform of ['linux', 'win32'] as const) t.doesNotThrow(() => assertInside(path, platform))
  })

for (const [path, message] of [
  ['', 'out= is empty'],
  ['/etc/passwd', 'out=/etc/passwd is not below the directory of the download; -d names that'],
  ['\\a', 'out=\\a is not below the directory of the download; -d names that'],
  ['C:a', 'out=C:a is not below the directory of the download; -d names that'],
  ['..', 'out=.. leads out of the directory of the download'],
  ['a/../b', 'out=a/../b leads out of the directory of the download'],
  ['a/..', 'out=a/.. leads out of the directory of the download'],
  ['.bashrc', 'out=.bashrc has a name that is not safe; "bashrc" would be'],
  ['.config/autostart/x', 'out=.config/autostart/x has a name that is not safe; "config" would be'],
  ['./a', 'out=./a has a name that is not safe; "download" would be'],
  ['a//b', 'out=a//b has a name that is not safe; "download" would be'],
  ['a/', 'out=a/ has a name that is not safe; "download" would be'],
  ['-rf', 'out=-rf has a name that is not safe; "_-rf" would be'],
  ['~/x', 'out=~/x has a name that is not safe; "_~" would be'],
  ['nul', 'out=nul has a name that is not safe; "_nul" would be'],
  ['a.part', 'out=a.part has a name that is not safe; "a.part_" would be'],
  ['a\\b', 'out=a\\b has a name that is not safe; "b" would be'],
  ['a\u0000b', 'out=a\u0000b has a name that is not safe; "ab" would be'],
  ['a\u202eb', 'out=a\u202eb has a name that is not safe; "ab" would be'],
] as const)
  t.test(`a list must not name a file ${JSON.stringify(path)}`, async (t) => {
    t.throws(() => assertInside(path, 'linux'), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

t.test('characters that only Windows forbids are allowed elsewhere', async (t) => {
  const path = 'What? "12:30" <b>|*.txt'
  t.doesNotThrow(() => assertInside(path, 'linux'))
  t.throws(() => assertInside(path, 'win32'), { message: /; "What_ _12_30_ _b___.txt" would be$/ })
})

t.test('the platform is that of this process', async (t) => {
  t.doesNotThrow(() => assertInside('a'))
})
