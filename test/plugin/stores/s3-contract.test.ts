import t from 'tap'
import { Bucket } from '../../support/stores/bucket.ts'
import { withEachStore } from '../../support/stores/shared-store.ts'
import { CONTENT, keepsTheContract } from '../sources/support/contract.ts'
import { sourceOf } from './support/served-store.ts'

t.test('the contract of a source holds for objects of a real store', (t) =>
  withEachStore(t, async (t, store) => {
    const bucket = await Bucket.make(t, store)
    await bucket.put('f.bin', CONTENT)
    await keepsTheContract(t, {
      source: () => sourceOf(bucket, store),
      replace: (content) => bucket.put('f.bin', content),
      absent: 'absent.bin',
    })
  }),
)
