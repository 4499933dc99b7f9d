import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { isSameVersion, validatorsOf } from '#client/rules/validators.js'

const fields = (lines: Record<string, string>) => fieldLines(Object.entries(lines).flat())

t.test(
  'two answers are of the same version only where a strong validator or a digest shows it',
  async (t) => {
    const validators = (lines: Record<string, string>, digests = {}) =>
      validatorsOf(fields(lines), 10, digests)
    const old = { 'Last-Modified': 'Mon, 05 Jan 2026 10:00:00 GMT', Date: 'Mon, 05 Jan 2026 10:01:00 GMT' }
    const young = { ...old, Date: old['Last-Modified'] }
    t.ok(isSameVersion(validators({ ETag: '"a"' }), validators({ ETag: '"a"' })))
    t.notOk(isSameVersion(validators({ ETag: '"a"' }), validators({ ETag: '"b"' })))
    t.notOk(
      isSameVersion(validators({ ETag: 'W/"a"' }), validators({ ETag: 'W/"a"' })),
      'weak tags prove nothing',
    )
    t.notOk(
      isSameVersion(validators({ ETag: 'a' }), validators({ ETag: 'a' })),
      'no entity-tag without quotes',
    )
    t.ok(isSameVersion(validators(old), validators(old)))
    t.notOk(isSameVersion(validators(young), validators(old)), 'weak when the first bytes came')
    t.notOk(isSameVersion(validators({ ...old, ETag: '"a"' }), validators(old)), 'the tag is gone')
    t.notOk(isSameVersion(validators({ ...old, ETag: 'W/"a"' }), validators({ ...old, ETag: 'W/"b"' })))
    t.ok(
      isSameVersion(
        validators({ ETag: '"a"' }, { 'sha-256': 'x' }),
        validators({ ETag: '"b"' }, { 'sha-256': 'x' }),
      ),
    )
    t.notOk(
      isSameVersion(
        validators({ ETag: '"a"' }, { 'sha-256': 'x' }),
        validators({ ETag: '"a"' }, { 'sha-256': 'y' }),
      ),
    )
    t.notOk(isSameVersion(validators({}), validators({})), 'nothing proves nothing')
  },
)
