// The numbers of a command line, and their limits.
import t from 'tap'
import { parseCommand } from '#client/command/arguments.js'
import { numbersFrom } from '#client/command/number-options.js'
import { settingsOf } from '#client/options.js'
import { NUMBER_LIMITS } from '#client/text/option-limits.js'

t.test('every number of the library has an option, with the same limits', async (t) => {
  for (const [option, { least, most }] of Object.entries(NUMBER_LIMITS)) {
    const name = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const isTime = /timeout|delay/.test(name)
    for (const value of [least, most]) {
      const output = name === 'buffer' ? ['-o', '-'] : []
      const command = parseCommand([`--${name}`, `${value}${isTime ? 'ms' : ''}`, ...output, 'http://h/f'])
      const given = command.kind === 'get' ? command.options : {}
      t.equal({ ...settingsOf(given) }[option as 'retries'], value, name)
    }
    t.throws(() => parseCommand([`--${name}=${most + 1}`, 'http://h/f']), { code: 'ERR_DOWNLOAD_USAGE' })
  }
})

t.test('a number outside its limits is refused with these limits', async (t) => {
  for (const [values, message] of [
    [{ connections: '0' }, '--connections takes a whole number from 1 to 64, not "0"'],
    [{ connections: '' }, '--connections takes a whole number from 1 to 64, not ""'],
    [
      { 'segment-size': '0' },
      '--segment-size takes 1 to 9007199254740991 bytes, such as 4, 64k or 8M, not "0"',
    ],
    [
      { 'limit-rate': '1', 'min-rate': '1' },
      '--min-rate must be at least 1 and less than --limit-rate, not "1"',
    ],
    [
      { 'limit-rate': '10', 'min-rate': '10' },
      '--min-rate takes 1 to 9 bytes, less than --limit-rate, such as 4, not "10"',
    ],
    [
      { 'stall-timeout': '0' },
      '--stall-timeout takes a time from 1ms to 24h, such as 500ms, 2s or 1m (a number alone: seconds), not "0"',
    ],
    [
      { delay: '2d' },
      '--delay takes a time from 0 to 24h, such as 500ms, 2s or 1m (a number alone: milliseconds), not "2d"',
    ],
  ] as const)
    t.throws(() => numbersFrom(values), {
      code: 'ERR_DOWNLOAD_USAGE',
      message: `${message} (--help shows the options)`,
    })
})

t.test('a number alone counts seconds, and for --delay milliseconds', async (t) => {
  t.strictSame(numbersFrom({ 'retry-delay': '2', delay: '2', 'stall-timeout': '1.5' }), {
    retryDelay: 2000,
    stallTimeout: 1500,
    delay: 2,
  })
  t.strictSame(numbersFrom({ 'retry-delay': '2m', delay: '2s' }), { retryDelay: 120_000, delay: 2000 })
  t.strictSame(numbersFrom({}), {})
})
