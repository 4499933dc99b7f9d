import t from 'tap'
import { unsupportedNode } from '#client/command/supported-node.js'

for (const version of ['20.19.0', '20.20.2', '22.12.0', '22.23.3', '23.0.0', '24.21.0', '26.10.0', '100.0.0'])
  t.test(`Node.js ${version} can run range-get`, async (t) => t.equal(unsupportedNode(version), null))

for (const version of [
  '0.12.18',
  '8.17.0',
  '12.22.12',
  '18.20.4',
  '19.9.0',
  '20.18.3',
  '21.7.3',
  '22.1.0',
  '22.11.0',
])
  t.test(`Node.js ${version} is refused in one sentence`, async (t) => {
    t.equal(unsupportedNode(version), `needs Node.js 20.19, 22.12 or later, and this is ${version}`)
  })
