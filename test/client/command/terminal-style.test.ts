// Colours and characters, as the stream and the environment allow them.
import { stripVTControlCharacters } from 'node:util'
import t from 'tap'
import { charactersIn, styleFor } from '#client/command/terminal-style.js'

const UTF8 = { LANG: 'C.UTF-8' }

t.test('colours need a terminal, and the environment decides on them', async (t) => {
  const terminal = { isTTY: true }
  const rows: [coloured: boolean, stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv][] = [
    [true, terminal, { TERM: 'xterm-256color' }],
    [true, terminal, { TERM: 'xterm', NO_COLOR: '' }],
    [false, terminal, { TERM: 'xterm', NO_COLOR: '1' }],
    [false, terminal, { TERM: 'dumb' }],
    [false, terminal, { TERM: 'xterm', FORCE_COLOR: '0' }],
    [false, {}, { TERM: 'xterm' }],
    [true, {}, { FORCE_COLOR: '1' }],
    [true, {}, { FORCE_COLOR: '1', NO_COLOR: '1' }],
    [false, {}, { FORCE_COLOR: '0' }],
  ]
  for (const [isColoured, stream, env] of rows) {
    const { paint } = styleFor(stream, { ...UTF8, ...env })
    for (const role of ['name', 'filled', 'empty', 'good', 'attention', 'failure'] as const) {
      const text = paint(role, 'text')
      t.equal(text.includes('\u001b['), isColoured, `${JSON.stringify(env)}: ${role}`)
      t.equal(stripVTControlCharacters(text), 'text')
    }
  }
})

t.test('the locale and TERM decide which characters are used', async (t) => {
  const rows: [ReturnType<typeof charactersIn>, NodeJS.ProcessEnv][] = [
    ['all', { LANG: 'en_GB.UTF-8' }],
    ['all', { LANG: 'C', LC_CTYPE: 'de_DE.utf8' }],
    ['all', { LANG: 'C', LC_CTYPE: '', LC_ALL: 'C.UTF-8' }],
    ['names', { LANG: 'C.UTF-8', TERM: 'dumb' }],
    ['ascii', { LANG: 'en_GB.UTF-8', LC_ALL: 'C' }],
    ['ascii', { LANG: 'de_DE.ISO-8859-1' }],
    ['ascii', { LANG: 'POSIX', TERM: 'dumb' }],
    ['ascii', {}],
  ]
  for (const [characters, env] of rows) t.equal(charactersIn(env, 'linux'), characters, JSON.stringify(env))
  for (const platform of ['win32', 'darwin'] as const) {
    t.equal(charactersIn({}, platform), 'all', `${platform} does not need a locale`)
    t.equal(charactersIn({ LC_ALL: 'C' }, platform), 'ascii')
  }
})
