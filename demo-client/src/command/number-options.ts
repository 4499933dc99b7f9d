// The options of the command that are numbers, by the names that the library has for them.
import { durationMs, integer, sizeOf } from '../text/argument-values.ts'
import { limitsOf, type NumberLimits, type NumberOption } from '../text/option-limits.ts'
import { OPTIONS, type OptionName } from './option-table.ts'
import type { OptionValues } from './parse-options.ts'

const NAMES = {
  buffer: 'buffer',
  connections: 'connections',
  segmentSize: 'segment-size',
  retries: 'retries',
  retryDelay: 'retry-delay',
  maxRetryDelay: 'max-retry-delay',
  connectTimeout: 'connect-timeout',
  stallTimeout: 'stall-timeout',
  maxRedirects: 'max-redirects',
  limitRate: 'limit-rate',
  minRate: 'min-rate',
  delay: 'delay',
} as const satisfies Readonly<Record<NumberOption, OptionName>>

type Numbers = Readonly<Partial<Record<NumberOption, number>>>

/**
 * The numbers that were given.
 * @throws DownloadError `ERR_DOWNLOAD_USAGE` with the limits, by the name on the command line
 */
export function numbersFrom(values: OptionValues): Numbers {
  const numbers: Partial<Record<NumberOption, number>> = {}
  const bufferDirectory = values['buffer-dir']
  for (const option of Object.keys(NAMES) as NumberOption[]) {
    const text = values[NAMES[option]]
    const { limitRate } = numbers // read before minRate
    const { below, ...limits } = limitsOf(option, { limitRate, bufferDirectory })
    const named = below === undefined ? limits : { ...limits, below: `--${NAMES[below as NumberOption]}` }
    if (text !== undefined) numbers[option] = numberFrom(option, text, named)
  }
  return numbers
}

function numberFrom(option: NumberOption, text: string, limits: NumberLimits): number {
  const name = NAMES[option]
  switch (OPTIONS[name].value) {
    case 'N':
      return integer(name, text, limits)
    case 'SIZE':
    case 'RATE':
      return sizeOf(name, text, limits)
    case 'TIME':
      // A number alone has always been in milliseconds there.
      return durationMs(name, text, { limits, bareUnit: option === 'delay' ? 'ms' : 's' })
  }
}
