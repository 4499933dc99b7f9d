import t from 'tap'
import { resolvePath } from '#plugin/rules/resolve-path.js'

t.test('a name that Windows reads as something else is refused there, and served elsewhere', async (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')
  t.teardown(() => platform && Object.defineProperty(process, 'platform', platform))
  const refused = [
    'c:',
    'c:/windows/win.ini',
    'file.txt:stream',
    'file.txt.',
    'file.txt ',
    'folder./file.txt',
  ]
  for (const path of refused)
    t.equal(resolvePath(path, 'allow').kind, 'inside', `${path}: an ordinary name on this system`)
  Object.defineProperty(process, 'platform', { value: 'win32' })
  for (const path of refused) {
    t.strictSame(
      resolvePath(path, 'allow'),
      { kind: 'refused', reason: 'windows-name' },
      `${path}: refused on Windows`,
    )
  }
  t.strictSame(resolvePath('folder/file.txt', 'ignore'), { kind: 'inside', segments: ['folder', 'file.txt'] })
})
