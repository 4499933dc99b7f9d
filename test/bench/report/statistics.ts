/** The median of several figures, and their minimum and maximum. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** Throws a RangeError if there are no figures. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), least: quantile(sorted, 0), most: quantile(sorted, 1) }
}

/**
 * The figure below which a share of all figures lies. Between two figures it is interpolated.
 *
 * @param sorted ascending
 * @param share 0 to 1
 */
export function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) throw new RangeError('No figures')
  return below + (above - below) * (place - Math.floor(place))
}
