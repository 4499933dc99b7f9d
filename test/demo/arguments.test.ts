// The command line of the demo.
import t from 'tap'
import { parseDemoArguments } from '#client/demo/arguments.js'

const HINT = ' (--help shows the options)'

for (const [text, delay] of [
  ['200', 200],
  ['200ms', 200],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['0', 0],
] as const)
  t.test(`--delay ${text} is ${delay} ms, as for range-get`, async (t) => {
    t.equal(parseDemoArguments(['--delay', text], {}).delay, delay)
    t.equal(parseDemoArguments([`--delay=${text}`], {}).delay, delay)
  })

for (const [args, message] of [
  [['--stepp', '10'], 'there is no option --stepp; did you mean --step?'],
  [['--Out=x'], 'there is no option --Out; did you mean --out?'],
  [['--nonsense'], 'there is no option --nonsense'],
  [['-s'], 'there is no option -s'],
  [['--step'], '--step takes a value: --step N'],
  [['--fresh=1'], '--fresh takes no value'],
  [['--out', '--fresh'], '--out takes a value; one that begins with a hyphen is written --out=-...'],
  [['--step', '-3'], '--step takes a whole number from 1 to 1073741824, not "-3"'],
  [
    ['--delay', '1x'],
    '--delay takes a time from 0 to 24h, such as 500ms, 2s or 1m (a number alone: milliseconds), not "1x"',
  ],
  [['10'], 'there is no argument "10"; npm passes on options after "--": npm run demo -- --step 10'],
] as const)
  t.test(`it refuses ${args.join(' ')}`, async (t) => {
    t.throws(() => parseDemoArguments(args, {}), { code: 'ERR_DOWNLOAD_USAGE', message: message + HINT })
  })
