// Sizes, times and rates as people read them. Every text for people uses these. Pure.

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const LONGEST_MS = 1000 * 365 * DAY_MS

/** A number of bytes, in four characters and a unit of 1024: 12 B, 3.4 MiB, 977 KiB. */
export function formatSize(bytes: number): string {
  const { number, unit } = scaled(bytes)
  return `${number} ${unit}`
}

/** Two sizes, with the unit of both once where it is the same: 1.5 / 3.4 MiB, 200 KiB / 3.4 MiB. */
export function formatShare(part: number, whole: number): string {
  const [some, all] = [scaled(part), scaled(whole)]
  const unit = some.unit === all.unit ? '' : ` ${some.unit}`
  return `${some.number}${unit} / ${all.number} ${all.unit}`
}

/** A number of bytes per second: 3.4 MiB/s. */
export function formatSpeed(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`
}

function scaled(bytes: number): { number: string; unit: string } {
  let value = bytes
  let unit = 0
  for (; Math.round(value) >= 1024 && unit < SIZE_UNITS.length - 1; unit++) value /= 1024
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return { number: value.toFixed(digits), unit: `${SIZE_UNITS[unit]}` }
}

/** A time in ms: 0.004 s, 0.15 s, 1.5 s, 45 s, 3 min 7 s, 2 h 5 min, 3 d 4 h. */
export function formatDuration(ms: number): string {
  if (ms < 9.5) return `${Math.ceil(ms) / SECOND_MS} s` // 0 s is no time at all
  if (ms < 9950) return `${Number((ms / SECOND_MS).toFixed(ms < 995 ? 2 : 1))} s`
  const seconds = Math.round(ms / SECOND_MS) * SECOND_MS
  if (seconds < MINUTE_MS) return `${seconds / SECOND_MS} s`
  if (seconds < HOUR_MS) return inTwo(seconds, [MINUTE_MS, 'min'], [SECOND_MS, 's'])
  if (seconds < DAY_MS) return inTwo(seconds, [HOUR_MS, 'h'], [MINUTE_MS, 'min'])
  return seconds > LONGEST_MS ? 'more than 1000 years' : inTwo(seconds, [DAY_MS, 'd'], [HOUR_MS, 'h'])
}

type Unit = readonly [ms: number, name: string]

/** The second unit is left out if it is 0. */
function inTwo(ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string {
  const rest = Math.floor((ms % large) / small)
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
}

/** A time in ms that is still to pass, in whole seconds: it is never shown as over before it is. */
export function formatTimeLeft(ms: number): string {
  return formatDuration(Math.ceil(ms / SECOND_MS) * SECOND_MS)
}

/** The same in one unit, for few columns: 95 s, 4 min, 60 h. */
export function formatTimeLeftShort(ms: number): string {
  for (const [size, name, most] of [
    [SECOND_MS, 's', 99],
    [MINUTE_MS, 'min', 99],
    [HOUR_MS, 'h', 99],
    [DAY_MS, 'd', 999],
  ] as const)
    if (Math.ceil(ms / size) <= most) return `${Math.ceil(ms / size)} ${name}`
  return '>999 d'
}
