/** The head of an answer of a store. */
export interface AnswerHead {
  readonly status: number
  /** By their names in lower case. Lines of the same name are joined by commas. */
  readonly fields: Readonly<Record<string, string | undefined>>
  /** When it came, by the clock of this machine, in seconds since the epoch. */
  readonly receivedAt: number
  /** The code of an error, from its body or a field. */
  readonly code?: string | undefined
  /** The size of the object, from the body of an error. */
  readonly actualSize?: number | undefined
}

/** The length of the body; undefined if the head does not say it. */
export function bodyLengthOf({ fields }: AnswerHead): number | undefined {
  const value = fields['content-length']
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}
