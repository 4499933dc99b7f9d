// A line of pieces that fits a number of columns: pieces are left out or shortened in the order of their ranks. Pure.

/** Columns that a piece gets when its turn comes. The lowest rank is first. */
export interface Step {
  readonly rank: number
  readonly width: number
}

/** A part of a line. */
export interface Piece {
  /** What stands between it and the piece before it; at least one column. */
  readonly glue: string
  /** Its smallest width, without which the piece is left out, and then wider ones, of which it also takes a part. */
  readonly steps: readonly [Step, ...Step[]]
  /** Its text in at most `width` columns. */
  readonly draw: (width: number) => string
}

/** Has a line of `columns` columns space for each piece of this rank or a lower one? */
export function hasSpace(
  pieces: readonly Piece[],
  { columns, rank }: { columns: number; rank: number },
): boolean {
  const needed = pieces
    .filter(({ steps: [first] }) => first.rank <= rank)
    .reduce((sum, { glue, steps: [first] }) => sum + glue.length + first.width, 0)
  return needed <= columns + 1 // the first piece comes without its glue
}

/** Joins the pieces in order, in at most `columns` columns. */
export function fitLine(pieces: readonly Piece[], columns: number): string {
  const widths = shareColumns(pieces, columns)
  let line = ''
  for (const piece of pieces) {
    const width = widths.get(piece)
    if (width !== undefined) line += (line === '' ? '' : piece.glue) + piece.draw(width)
  }
  return line
}

function shareColumns(pieces: readonly Piece[], columns: number): ReadonlyMap<Piece, number> {
  const widths = new Map<Piece, number>()
  let left = columns + 1 // the first piece comes without its glue
  const turns = pieces.flatMap((piece) => piece.steps.map((step) => ({ piece, step })))
  for (const { piece, step } of turns.toSorted((a, b) => a.step.rank - b.step.rank)) {
    const width = widths.get(piece)
    if (width === undefined) {
      const needed = piece.glue.length + step.width
      if (step !== piece.steps[0] || needed > left) continue
      widths.set(piece, step.width)
      left -= needed
    } else {
      const more = Math.min(left, Math.max(0, step.width - width))
      widths.set(piece, width + more)
      left -= more
    }
  }
  return widths
}
