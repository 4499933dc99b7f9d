import t from 'tap'
import { nearestName } from '#client/text/nearest-name.js'

const NAMES = ['connections', 'connect-timeout', 'retries', 'retry-delay', 'dir', 'json', 'limit-rate']

for (const [name, want] of [
  ['conections', 'connections'],
  ['connnections', 'connections'],
  ['conenctions', 'connections'],
  ['connektions', 'connections'],
  ['connection', 'connections'],
  ['Connections', 'connections'],
  ['connectTimeout', 'connect-timeout'],
  ['retrys', 'retries'],
  ['retry_delay', 'retry-delay'],
  ['limit', 'limit-rate'],
  ['lim', 'limit-rate'],
  ['dri', 'dir'],
  ['dif', 'dir'],
  ['josn', 'json'],
  ['dirr', 'dir'],
] as const)
  t.test(`"${name}" was probably meant to be "${want}"`, async (t) => {
    t.equal(nearestName(name, NAMES), want)
  })

for (const name of [
  '',
  'x',
  'di',
  'li',
  'con',
  'connect',
  'nonsense',
  'rat',
  'sjno',
  'jxsn',
  'jxyn',
  'connect-timeoutabcd',
  'constructor',
])
  t.test(`"${name}" was meant to be none of the names, or may be several`, async (t) => {
    t.equal(nearestName(name, NAMES), null)
  })

t.test('of two names the nearer one is found, and of two as near the first', async (t) => {
  t.equal(nearestName('retries', ['retrie', 'retries']), 'retries')
  t.equal(nearestName('abcdef', ['abcdex', 'abcdey']), 'abcdex')
  t.equal(nearestName('abcdef', []), null)
})
