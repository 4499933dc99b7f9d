// A file on the disk is compared with its digest. Whatever is wrong, the error says it in the words of a reader.
import { createHash } from 'node:crypto'
import { DownloadError, verifyFile } from 'range-get'
import t from 'tap'

const SUM = `sha-256=${createHash('sha256').update('text').digest('hex')}`

async function outcome(work: () => Promise<unknown>): Promise<string> {
  try {
    await work()
    return 'verified'
  } catch (error) {
    return error instanceof DownloadError ? `${error.code}: ${error.message}` : String(error)
  }
}

t.test('what is there', async (t) => {
  const dir = t.testdir({ right: 'text', wrong: 'other', folder: {} })
  for (const [name, expected] of [
    ['right', /^verified$/],
    ['wrong', /^ERR_DOWNLOAD_DIGEST: .*wrong has another sha-256 digest/],
    ['none', /^ERR_DOWNLOAD_DIGEST: .*none is missing/],
    ['folder', /^ERR_DOWNLOAD_DIGEST: .*folder is not a regular file/],
    ['right/below', /^ERR_DOWNLOAD_DIGEST: .* cannot be read \(ENOTDIR\)/],
  ] as const)
    t.match(await outcome(() => verifyFile(`${dir}/${name}`, SUM)), expected, name)
})

t.test('wrong arguments', async (t) => {
  const verify: (...args: unknown[]) => Promise<unknown> = (...args) => Reflect.apply(verifyFile, null, args)
  for (const [args, expected] of [
    [[], 'path is missing'],
    [['file'], 'checksum is missing'],
    [[5, SUM], 'path must be a string'],
    [['file', {}], 'checksum must be a string'],
  ] as const)
    t.equal(await outcome(() => verify(...args)), `ERR_DOWNLOAD_USAGE: ${expected}`)
})
