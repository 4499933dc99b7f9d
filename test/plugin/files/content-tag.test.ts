import { createHash } from 'node:crypto'
import t from 'tap'
import { ContentTags } from '#plugin/files/content-tag.js'
import type { OpenFile } from '#plugin/files/open-file.js'

const CONTENT = Buffer.from('a line\n')

/** A file that has grown when it is looked at for the nth time, and at each look after that. */
function growingAtLook(nth: number): OpenFile {
  let looks = 0
  const hasGrown = async (): Promise<boolean> => ++looks >= nth
  const file: Partial<OpenFile> = {
    settled: false,
    version: { dev: 1n, ino: 1n, size: BigInt(CONTENT.length), mtimeNs: 1n } as OpenFile['version'],
    readAt: async (target, position) => CONTENT.copy(target, 0, position),
    hasGrown,
    isUnchanged: async () => !(await hasGrown()),
  }
  return file as OpenFile
}

t.test('a file that grows at any moment while its tag is made has no tag', async (t) => {
  const whole = createHash('sha256').update(CONTENT).digest('base64url')
  const tags: (string | undefined)[] = []
  for (const nth of [1, 2, 3, 4]) tags.push(await new ContentTags().of(growingAtLook(nth)))
  t.strictSame(tags, [undefined, undefined, whole, whole])
})

/** A file that does not change, and how often it was read. */
function fileOf(content: string, ino: bigint) {
  const bytes = Buffer.from(content)
  const file: Partial<OpenFile> = {
    settled: false,
    version: { dev: 1n, ino, size: BigInt(bytes.length), mtimeNs: 1n } as OpenFile['version'],
    readAt: async (target, position) => bytes.copy(target, 0, position),
    hasGrown: async () => false,
    isUnchanged: async () => true,
  }
  return file as OpenFile
}

t.test('a file that was shorter in the request before has no tag until it stops growing', async (t) => {
  const tags = new ContentTags()
  const isTagged = async (content: string, ino: bigint): Promise<boolean> =>
    (await tags.of(fileOf(content, ino))) !== undefined
  t.equal(await isTagged('one', 1n), true)
  t.equal(await isTagged('one, two', 1n), false, 'it has grown')
  t.equal(await isTagged('one, two, three', 1n), false, 'it has grown again')
  t.equal(await isTagged('one, two, three', 1n), true, 'it has not grown')
  t.equal(await isTagged('one', 1n), true, 'it is shorter')
  t.equal(await isTagged('another file', 2n), true)
})
