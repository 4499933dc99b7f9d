import { type ContractSubject, sourceContract } from 'fastify-send-range/contract'
import type { Test } from 'tap'
import { distinctBytes } from '../../support/distinct-bytes.ts'

/** More than a connection buffers. */
export const CONTENT = distinctBytes(8 * 1024 * 1024)

/** What a source is held to, if it has {@link CONTENT} at `f.bin`. */
export type SubjectOfContent = Omit<ContractSubject, 'content' | 'path'>

/** Runs each case of the exported contract. */
export async function keepsTheContract(t: Test, subject: SubjectOfContent): Promise<void> {
  for (const { name, run } of sourceContract({ path: 'f.bin', content: CONTENT, ...subject }))
    await t.test(name, run)
}
