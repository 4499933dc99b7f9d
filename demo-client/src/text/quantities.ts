// Sizes and times as people read them. Pure.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** A number of bytes: 12 B, 3.4 MiB. */
export function formatSize(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10))
  return unit === 0 ? `${Math.round(bytes)} B` : `${(bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`
}

/** A number of seconds: 45s, 3m07s, 2h05m. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds)
  const pad = (value: number): string => String(value).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`
  return `${Math.floor(whole / 3600)}h${pad(Math.floor((whole % 3600) / 60))}m`
}
