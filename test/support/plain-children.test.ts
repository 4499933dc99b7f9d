import { spawnSync } from 'node:child_process'
import t from 'tap'

const LOADER = '"--import=file:///a%20folder/node_modules/@tapjs/processinfo/dist/esm/import.mjs"'
const MODULE = new URL('./plain-children.js', import.meta.url).href

t.test('a process that a test starts gets no loader', (t) => {
  const { stdout } = spawnSync(process.execPath, ['-p', 'process.env.NODE_OPTIONS'], { encoding: 'utf8' })
  t.equal(stdout, 'undefined\n')
  t.end()
})

for (const [before, after] of [
  [LOADER, null],
  [`${LOADER} --no-warnings`, '--no-warnings'],
  [`--no-warnings ${LOADER}`, '--no-warnings'],
  [`--import=./mine.js ${LOADER}`, '--import=./mine.js'],
  ['--no-warnings', '--no-warnings'],
] as const) {
  t.test(`the options of the user stay (${before})`, (t) => {
    const script = `process.env.NODE_OPTIONS = ${JSON.stringify(before)}
      await import(${JSON.stringify(MODULE)})
      console.log(JSON.stringify(process.env.NODE_OPTIONS ?? null))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    })
    t.strictSame(JSON.parse(stdout), after, stderr)
    t.end()
  })
}
