import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

// Code that reads a date in local time is right in London and wrong in New York. So the tests of dates run again there.
const ZONE = { ...process.env, TZ: 'America/New_York' }
const DATED = [
  '../rules/http-date.test.js',
  '../rules/preconditions.test.js',
  '../rules/decision.test.js',
  'answers.test.js',
  'disagreements.test.js',
  'methods.test.js',
  'other-servers-bugs.test.js',
  'repeated-fields.test.js',
]

t.test('the environment variable TZ changes the time zone of a process', async (t) => {
  const script = 'process.stdout.write(String(new Date("1994-11-06T08:49:37").getTime() / 1000))'
  t.equal(
    execFileSync(process.execPath, ['-e', script], { env: ZONE }).toString(),
    String(784_111_777 + 5 * 3600),
  )
})

for (const name of DATED) {
  const file = fileURLToPath(new URL(name, import.meta.url))
  t.spawn(process.execPath, [file], { env: ZONE }, `${name} in New York`)
}
