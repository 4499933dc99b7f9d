// The records of `--update`: a stop that comes when the file has its name already does not become a failure of the download.
import { join } from 'node:path'
import t from 'tap'
import { UpdateRecords } from '#client/disk/update-records.js'

t.test('after a stop no record is kept, and that is no error', async (t) => {
  const owner = { path: join(t.testdir(), 'file.bin'), key: 'http://127.0.0.1/file.bin' }
  const records = new UpdateRecords({ ...owner, signal: AbortSignal.abort(new Error('stopped')) })
  const saveRecord = async (): Promise<boolean> => t.fail('something was written')
  t.equal(await records.save({ saveRecord }, null, null), false)
})
