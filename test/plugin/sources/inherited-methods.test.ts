import t from 'tap'
import { isDigested } from '#plugin/sources/digested.js'
import { isFillable } from '#plugin/sources/fillable.js'
import { isReopenable } from '#plugin/sources/reopened-reads.js'
import type { Representation } from '#plugin/sources/source.js'

const CHECKS: Readonly<Record<string, (representation: Representation) => boolean>> = {
  digestOf: isDigested,
  fill: isFillable,
  reopen: isReopenable,
}

for (const [name, check] of Object.entries(CHECKS)) {
  t.test(
    `a representation has '${name}' of its own or of its class, and never of Object.prototype`,
    async (t) => {
      const plain: Representation = { size: 0, read: () => [], close() {} }
      Object.defineProperty(Object.prototype, name, { value: () => {}, configurable: true })
      t.teardown(() => Reflect.deleteProperty(Object.prototype, name))
      t.equal(check(plain), false)
      t.equal(check({ ...plain, [name]: () => {} }), true)
      class WithMethod {
        readonly size = 0
        read(): Uint8Array[] {
          return []
        }
        close(): void {}
      }
      Object.defineProperty(WithMethod.prototype, name, { value: () => {} })
      t.equal(check(new WithMethod()), true)
    },
  )
}
