// How a command line is split, and what is said about one that is wrong.
import t from 'tap'
import { parseOptions } from '#client/command/parse-options.js'

const parsed = (...args: string[]): unknown => parseOptions(args)

for (const { name, args, values, positionals = ['u'] } of [
  { name: 'options before and after URLs', args: ['-q', 'u', '--json'], values: { quiet: true, json: true } },
  { name: 'a value in the next word', args: ['-n', '8', 'u'], values: { connections: '8' } },
  { name: 'a value in the same word', args: ['-n8', '--dir=d', 'u'], values: { connections: '8', dir: 'd' } },
  { name: 'flags in one word', args: ['-qn8', 'u'], values: { quiet: true, connections: '8' } },
  { name: 'the last of two values', args: ['-n', '8', '-n0', 'u'], values: { connections: '0' } },
  { name: 'a flag twice', args: ['-q', '-q', 'u'], values: { quiet: true } },
  {
    name: 'repeated fields',
    args: ['-H', 'a: b', '--header=c: d', 'u'],
    values: { header: ['a: b', 'c: d'] },
  },
  { name: 'an empty value', args: ['--output=', 'u'], values: { output: '' } },
  { name: 'an empty value in the next word', args: ['-o', '', 'u'], values: { output: '' } },
  { name: 'a value that begins with a hyphen', args: ['--output=-x', 'u'], values: { output: '-x' } },
  {
    name: 'a negative number, which the check of the option refuses',
    args: ['--retries', '-1', 'u'],
    values: { retries: '-1' },
  },
  { name: 'a hyphen as a value', args: ['-o', '-', 'u'], values: { output: '-' } },
  {
    name: 'words after two hyphens',
    args: ['-q', '--', '-u', '--json'],
    values: { quiet: true },
    positionals: ['-u', '--json'],
  },
  { name: 'nothing', args: [], values: {}, positionals: [] },
  { name: 'a value that is not ASCII', args: ['-o', '文件', 'u'], values: { output: '文件' } },
])
  t.test(`it accepts ${name}`, async (t) => {
    t.strictSame(parsed(...args), { values, positionals })
  })

const HINT = ' (--help shows the options)'
const UNCHECKED =
  'does not exist here: without a check of the certificate, anyone on the way could send another file. Ask the operator of ' +
  'the server for the certificate of its CA, and give it with --cacert FILE'
for (const [args, message] of [
  [['--insecure'], `--insecure ${UNCHECKED}`],
  [['-k'], `-k ${UNCHECKED}`],
  [['-qk'], `-k ${UNCHECKED}`],
  [['--no-check-certificate'], `--no-check-certificate ${UNCHECKED}`],
  [['--k'], 'there is no option --k'],
  [['--conections', '4'], 'there is no option --conections; did you mean --connections?'],
  [['--conections=4'], 'there is no option --conections; did you mean --connections?'],
  [['--maxRetryDelay', '4'], 'there is no option --maxRetryDelay; did you mean --max-retry-delay?'],
  [['--limit', '4'], 'there is no option --limit; did you mean --limit-rate?'],
  [['--create-dir'], 'there is no option --create-dir; did you mean --create-dirs?'],
  [['--nonsense'], 'there is no option --nonsense'],
  [['--constructor'], 'there is no option --constructor'],
  [['--__proto__'], 'there is no option --__proto__'],
  [['-z'], 'there is no option -z'],
  [['-qz'], 'there is no option -z'],
  [['-é'], 'there is no option -é'],
  [['--json=1'], '--json takes no value'],
  // Node.js reads the byte 0xff of a name as this.
  [['-o', 'a\ufffd.bin'], '-o takes text in UTF-8'],
  [['--dir=\ufffd'], '--dir takes text in UTF-8'],
  [['-o'], '-o takes a value: -o, --output FILE'],
  [['--output'], '--output takes a value: -o, --output FILE'],
  [['--retries'], '--retries takes a value: --retries N'],
  [['-o', '-q'], '-o takes a value; one that begins with a hyphen is written --output=-...'],
  [['-o', '--', 'u'], '-o takes a value; one that begins with a hyphen is written --output=-...'],
  [['-o', 'a', '-o', 'b'], '-o was given twice'],
  [['-o', 'a', '--output=a'], '--output was given twice'],
  [['-d', 'a', '-d', 'b'], '-d was given twice'],
] as const)
  t.test(`it refuses ${args.join(' ')}`, async (t) => {
    t.throws(() => parseOptions(['http://h/f', ...args]), {
      code: 'ERR_DOWNLOAD_USAGE',
      message: message + HINT,
    })
  })
