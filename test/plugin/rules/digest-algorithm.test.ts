import t from 'tap'
import { digestField, preferredAlgorithm } from '#plugin/rules/digest-algorithm.js'

const PREFERRED: Readonly<Record<string, string | undefined>> = {
  'sha-256=1': 'sha-256',
  'sha-512=1': 'sha-512',
  'sha-256=10, sha-512=3': 'sha-256',
  'sha-512=3, sha-256=10, unixsum=0': 'sha-256',
  'sha-256=3,sha-512=10': 'sha-512',
  'sha-256=5, sha-512=5': 'sha-256',
  'sha-256=0, sha-512=1': 'sha-512',
  'sha-256=0': undefined,
  'md5=10, unixcksum=3': undefined,
  'md5=10, sha-512=1;x=2': 'sha-512',
  '': undefined,
  // RFC 8941 §4.2.2: the last of two members with one key counts.
  'sha-256=5, sha-512=9, sha-512=1': 'sha-256',
  // RFC 9530 §4: the values are integers from 0 to 10.
  'sha-256=11': undefined,
  'sha-256=-1': undefined,
  'sha-256=1.5': undefined,
  'sha-256': undefined,
  'sha-256=?1, sha-512=2': 'sha-512',
  'sha-256=:AAAA:': undefined,
  'sha-256="5"': undefined,
  // RFC 8941 §4.2: a field that cannot be parsed is ignored, also the good part of it.
  'sha-256=1,': undefined,
  'sha-256=1, sha-512=': undefined,
  'sha-256=1 sha-512=1': undefined,
  'SHA-256=1': undefined,
  'sha-256=1, é': undefined,
}

for (const [field, want] of Object.entries(PREFERRED)) {
  t.test(`${field || 'an empty field'} asks for ${want ?? 'no known algorithm'}`, async (t) => {
    t.equal(preferredAlgorithm(field), want)
  })
}

t.test('a field of more than 1000 characters is not read', async (t) => {
  // RFC 8941 §4.2: a parser discards spaces at the start.
  t.equal(preferredAlgorithm('sha-256=1'.padStart(1000)), 'sha-256')
  t.equal(preferredAlgorithm('sha-256=1'.padStart(1001)), undefined)
})

t.test('a digest is a byte sequence under the name of its algorithm', async (t) => {
  t.equal(digestField('sha-256', 'AAAA'), 'sha-256=:AAAA:')
})
