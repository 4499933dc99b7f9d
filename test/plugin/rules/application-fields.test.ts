import t from 'tap'
import { ANSWER_FIELDS, isRepresentationField } from '#plugin/rules/application-fields.js'

t.test('a source may bring fields of a representation', async (t) => {
  for (const name of [
    'cache-control',
    'content-disposition',
    'content-language',
    'content-location',
    'expires',
    'link',
    'repr-digest',
    'x-amz-meta-colour',
    'cross-origin-resource-policy',
  ])
    t.ok(isRepresentationField(name), name)
})

t.test(
  'a source must not bring fields of the message, the connection, the server or the client',
  async (t) => {
    for (const name of [
      ...ANSWER_FIELDS,
      'access-control-allow-origin',
      'content-digest',
      'content-encoding',
      'content-md5',
      'date',
      'location',
      'proxy-authenticate',
      'server',
      'set-cookie',
      'vary',
      'www-authenticate',
    ])
      t.notOk(isRepresentationField(name), name)
  },
)
