import t from 'tap'
import { Bucket } from '../../support/stores/bucket.ts'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { keepsTheContract } from '../sources/support/contract.ts'
import { distinctBytes, sourceOf } from './support/served-store.ts'

const CONTENT = distinctBytes(8 * 1024 * 1024)

t.test('objects of a real store keep the contract of a source', (t) =>
  withEachStore(t, async (t, store) => {
    const bucket = await Bucket.make(t, store)
    await bucket.put('f.bin', CONTENT)
    await keepsTheContract(t, () => ({
      plugin: { source: sourceOf(bucket, store) },
      path: 'f.bin',
      content: CONTENT,
      absent: 'absent.bin',
    }))
  }),
)
