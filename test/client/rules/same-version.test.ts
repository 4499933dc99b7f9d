import t from 'tap'
import { fieldLines } from '#client/rules/field-lines.js'
import { identityOf, isSameVersion } from '#client/rules/identity.js'

const fields = (lines: Record<string, string>) => fieldLines(Object.entries(lines).flat())

t.test(
  'two answers are of the same version only where a strong validator or a digest shows it',
  async (t) => {
    const identity = (lines: Record<string, string>, digests = {}) => identityOf(fields(lines), 10, digests)
    const old = { 'Last-Modified': 'Mon, 05 Jan 2026 10:00:00 GMT', Date: 'Mon, 05 Jan 2026 10:01:00 GMT' }
    const young = { ...old, Date: old['Last-Modified'] }
    t.ok(isSameVersion(identity({ ETag: '"a"' }), identity({ ETag: '"a"' })))
    t.notOk(isSameVersion(identity({ ETag: '"a"' }), identity({ ETag: '"b"' })))
    t.notOk(
      isSameVersion(identity({ ETag: 'W/"a"' }), identity({ ETag: 'W/"a"' })),
      'weak tags prove nothing',
    )
    t.notOk(isSameVersion(identity({ ETag: 'a' }), identity({ ETag: 'a' })), 'no entity-tag without quotes')
    t.ok(isSameVersion(identity(old), identity(old)))
    t.notOk(isSameVersion(identity(young), identity(old)), 'weak when the first bytes came')
    t.notOk(isSameVersion(identity({ ...old, ETag: '"a"' }), identity(old)), 'the tag is gone')
    t.notOk(isSameVersion(identity({ ...old, ETag: 'W/"a"' }), identity({ ...old, ETag: 'W/"b"' })))
    t.ok(
      isSameVersion(
        identity({ ETag: '"a"' }, { 'sha-256': 'x' }),
        identity({ ETag: '"b"' }, { 'sha-256': 'x' }),
      ),
    )
    t.notOk(
      isSameVersion(
        identity({ ETag: '"a"' }, { 'sha-256': 'x' }),
        identity({ ETag: '"a"' }, { 'sha-256': 'y' }),
      ),
    )
    t.notOk(isSameVersion(identity({}), identity({})), 'nothing proves nothing')
  },
)
