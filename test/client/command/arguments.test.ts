// The command line of range-get as a whole. `parse-options.test.ts` and `number-options.test.ts` have its parts.
import t from 'tap'
import { isForPrograms, parseCommand } from '#client/command/arguments.js'
import { rangeGet } from '../support/command.ts'

for (const [args, message] of [
  [[], 'no URL was given: range-get [options] URL...'],
  [['-n', 'http://h/f'], '--connections takes a whole number from 1 to 64, not "http://h/f"'],
  [
    ['--checksum', 'foo', 'a', 'b'],
    'not a checksum: "foo". Write sha-256= or sha-512=, and then the digest in hexadecimal or base64',
  ],
  [['-H', 'Range: bytes=0-', 'a', 'b'], 'the header field Range is not for the caller to set'],
  [['-o', 'f', 'a', 'b'], '-o names one file, but there are several URLs; use -d'],
  [['a', ' '], 'a URL is empty'],
] as const)
  t.test(`it refuses ${args.join(' ')} once, in ASCII`, async (t) => {
    t.throws(() => parseCommand(args), {
      code: 'ERR_DOWNLOAD_USAGE',
      message: `${message} (--help shows the options)`,
    })
    t.match(message, /^[ -~]*$/)
  })

t.test('with --json a wrong command line is an event, too', async (t) => {
  t.equal(isForPrograms(['-q', '--json', 'u']), true)
  t.equal(isForPrograms(['-q', 'u']), false)
  t.equal(isForPrograms(['-q', '--', '--json']), false)
  const { status, stdout, stderr } = await rangeGet(['--json', '--checksum', 'foo', 'a', 'b'], t.testdir({}))
    .ended
  t.equal(status, 2)
  t.match(stderr, /^range-get: not a checksum: [^\n]+\n$/)
  t.match(JSON.parse(stdout), { event: 'error', url: null, code: 'ERR_DOWNLOAD_USAGE', status: 2 })
  t.match(stdout, /^[^\n]+\n$/)
})
