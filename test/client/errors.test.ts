import { constants } from 'node:os'
import t from 'tap'
import { DownloadError, fileError, messageOf } from '#client/errors.js'

t.test('each failure of the file system has a code', async (t) => {
  const codeFor = (code: string) => fileError(Object.assign(new Error(code), { code }), 'x').code
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) t.equal(codeFor(code), 'ERR_DOWNLOAD_DISK_FULL', code)
  for (const code of ['EACCES', 'EROFS', 'ENOENT', 'EIO'])
    t.equal(codeFor(code), 'ERR_DOWNLOAD_UNWRITABLE', code)
})

t.test('a failure that Node.js has no name for has the name of the system', async (t) => {
  const { EDQUOT, ESTALE } = constants.errno
  const errorFor = (errno: number) => {
    const code = `Unknown system error -${errno}`
    return fileError(Object.assign(new Error(`${code}: ${code}, write`), { code, errno: -errno }), 'x')
  }
  t.equal(errorFor(EDQUOT).code, 'ERR_DOWNLOAD_DISK_FULL')
  t.match(errorFor(EDQUOT).message, /the disk quota is used up \(EDQUOT\)\. Free some space and run again$/)
  t.match(errorFor(ESTALE).message, /^cannot write x: the server of the file system .* \(ESTALE\)$/)
  t.match(errorFor(9999).message, /^cannot write x: Unknown system error -9999/)
})

t.test('a file that is too large is not said to need space', async (t) => {
  const messageFor = (code: string) => fileError(Object.assign(new Error(code), { code }), 'x').message
  t.match(messageFor('ENOSPC'), /\(ENOSPC\)\. Free some space and run again$/)
  t.match(messageFor('EFBIG'), /\(EFBIG\)\. Raise the limit .* or choose another file system, and run again$/)
})

t.test('only the errors of a download have a message for its caller', async (t) => {
  t.equal(messageOf(new DownloadError('ERR_DOWNLOAD_USAGE', 'why')), 'why')
  const fault = new Error('a fault of the program')
  t.throws(() => messageOf(fault), fault)
})
