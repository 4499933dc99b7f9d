import t from 'tap'
import { fileError } from '#client/errors.js'

t.test('each failure of the file system has a code', async (t) => {
  const codeFor = (code: string) => fileError(Object.assign(new Error(code), { code }), 'x').code
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) t.equal(codeFor(code), 'ERR_DOWNLOAD_DISK_FULL', code)
  for (const code of ['EACCES', 'EROFS', 'ENOENT', 'EIO'])
    t.equal(codeFor(code), 'ERR_DOWNLOAD_UNWRITABLE', code)
})
