// The options of the command that are numbers, by the names that the library has for them.
import { durationMs, integer, sizeOf } from '../text/argument-values.ts'
import { NUMBER_LIMITS, type NumberLimits, type NumberOption } from '../text/option-limits.ts'
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
  for (const option of Object.keys(NAMES) as NumberOption[]) {
    const text = values[NAMES[option]]
    if (text !== undefined) numbers[option] = numberFrom(option, text, limitsOf(option, numbers))
  }
  return numbers
}

/** A `minRate` must be below the rate that is allowed, which is read before it. */
function limitsOf(option: NumberOption, { limitRate }: Numbers): NumberLimits {
  const limits = NUMBER_LIMITS[option]
  return option === 'minRate' && limitRate !== undefined && limitRate > 1
    ? { ...limits, most: limitRate - 1 }
    : limits
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
