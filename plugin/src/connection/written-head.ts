import type { RawResponse } from './response-lifetime.ts'

/** What the written head of an answer says. */
export interface WrittenHead {
  readonly status: number
  /** Bytes of the body that a client expects; undefined for any number. */
  readonly length: number | undefined
}

const heads = new WeakMap<RawResponse, WrittenHead>()

/** The head of an answer that `guards/head-guard.ts` guards; undefined before it is written. */
export function writtenHead(raw: RawResponse): WrittenHead | undefined {
  return heads.get(raw)
}

/** Notes what a head says when it is written. */
export function noteWrittenHead(raw: RawResponse, head: WrittenHead): void {
  heads.set(raw, head)
}
