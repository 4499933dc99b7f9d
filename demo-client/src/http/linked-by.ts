// What a redirect says about the file that it leads to.

import { createHash } from 'node:crypto'
import type { Digests } from '../rules/digest.ts'
import { type LinkedFile, linkedFile, NOTHING_LINKED, withoutOwn } from '../rules/linked-file.ts'
import type { Answer } from './answer.ts'

/** A longer body is not read. Nobody sends one with a redirect. */
const MAX_BODY_BYTES = 16 * 1024

/** What is known after `redirect`, which has not been followed yet. `before` is from earlier redirects. */
export async function linkedBy(
  redirect: Answer,
  before: LinkedFile | null,
  stallTimeoutMs: number,
): Promise<LinkedFile | null> {
  const linked = linkedFile(before ?? NOTHING_LINKED, redirect.fields)
  const isNothing = linked.tag === null && linked.total === null && Object.keys(linked.digests).length === 0
  if (isNothing) return null
  const hasDigest = redirect.fields.has('repr-digest') || redirect.fields.has('digest')
  return hasDigest ? withoutOwn(linked, await digestsOfBody(redirect, stallTimeoutMs)) : linked
}

async function digestsOfBody(redirect: Answer, stallTimeoutMs: number): Promise<Digests> {
  const isEnough = (bytes: Buffer): boolean => bytes.length >= MAX_BODY_BYTES
  const body = await redirect.peek({ isEnough, stallTimeoutMs }).catch(() => null)
  if (body === null) return {}
  const ofBody = (name: string): string => createHash(name).update(body).digest('base64')
  return {
    'sha-512': ofBody('sha512'),
    'sha-256': ofBody('sha256'),
    'sha-1': ofBody('sha1'),
    md5: ofBody('md5'),
  }
}
