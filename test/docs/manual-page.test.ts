// The manual page that is in the package, as the programs that show it read it.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { EXIT_STATUS_MEANINGS } from '#client/command/exit-status.js'
import { EXAMPLES } from '#client/command/help.js'
import { OPTION_LIST } from '#client/command/option-table.js'
import { spellingOf } from '#client/command/parse-options.js'
import { spawnCommand } from '../client/support/command.ts'
import { REPOSITORY } from '../support/repository.ts'
import { manualPage } from './manual/manual-page.ts'
import { missing } from './support/programs.ts'

const FOLDER = `${REPOSITORY}demo-client/`
const MANIFEST = JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8'))
const PAGE = readFileSync(`${FOLDER}range-get.1`, 'utf8')
// mandoc has no option that shows its version. An empty page is read instead.
const skip = await missing('mandoc', '/dev/null')

t.test('range-get.1 is what npm run docs writes now, and npm installs it', async (t) => {
  t.equal(PAGE, manualPage(MANIFEST.version), 'npm run docs writes it again')
  t.strictSame(MANIFEST.man, 'range-get.1')
  t.ok(MANIFEST.files.includes('range-get.1'))
})

t.test('mandoc finds no fault in the page', { skip }, async (t) => {
  const { status, stdout, stderr } = await spawnCommand(
    'mandoc',
    ['-T', 'lint', '-W', 'style', `${FOLDER}range-get.1`],
    { cwd: FOLDER },
  ).ended
  t.equal(stdout + stderr, '')
  t.equal(status, 0)
})

t.test('the page shows every option, status and example, in ASCII within 80 columns', { skip }, async (t) => {
  const { stdout } = await spawnCommand(
    'sh',
    ['-c', "mandoc -T ascii -O width=78 range-get.1 | sed 's/.\\x08//g'"],
    { cwd: FOLDER },
  ).ended
  const lines = stdout.split('\n').map((line) => line.trim())
  for (const option of OPTION_LIST)
    t.ok(
      lines.some((line) => `${line} `.startsWith(`${spellingOf(option)} `)),
      spellingOf(option),
    )
  for (const [status, meaning] of EXIT_STATUS_MEANINGS)
    t.ok(
      lines.some((line) => line.replace(/\s+/, ' ').startsWith(`${status} ${meaning.slice(0, 30)}`)),
      meaning,
    )
  for (const [command] of EXAMPLES) t.ok(lines.includes(command), command)
  for (const line of stdout.split('\n')) t.match(line, /^[ -~]{0,80}$/)
})
