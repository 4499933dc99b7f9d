import t from 'tap'
import { hasRepeatedName, isCollapsed, isSameButAt, isSameRoute } from '#plugin/rules/route-parameters.js'

t.test('two spellings with the same parameters have matched one route', async (t) => {
  t.ok(isSameRoute({ '*': '@team/x' }, { '*': '@team/x' }, '/files/@team/x'))
  t.ok(isSameRoute({}, {}, '/a'))
  t.ok(isSameRoute({ a: 'x@', '*': 'y' }, { a: 'x@', '*': 'y' }, '/x@/y'))
  t.ok(isSameRoute({ a: 'x', b: 'x' }, { a: 'x', b: 'x' }, '/x/x/@'), 'nothing encoded in what stands twice')
  t.ok(isSameRoute({ '*': 'https://a//b/' }, { '*': 'https:/a/b/' }, '/thumb/https:/a/b/'))
  t.ok(isSameRoute({ '*': '/deep' }, { '*': 'deep' }, '/app/deep'))
  t.ok(isSameRoute({ '*': 'x' }, null, '/x'), 'the second matches none, so none guards it')
  t.ok(isSameRoute(null, null, '/x'))
})

t.test('two spellings with other parameters have matched two routes', async (t) => {
  t.notOk(isSameRoute({ '*': '@team/x' }, { '*': 'x' }, '/files/@team/x'))
  t.notOk(isSameRoute({ '*': '@team' }, {}, '/files/@team'))
  t.notOk(isSameRoute({}, { a: '' }, '/a'))
  t.notOk(isSameRoute({ a: '@x' }, { b: '@x' }, '/@x'))
  t.notOk(isSameRoute({ a: '1', b: '2' }, { b: '2', a: '1' }, '/1/2'))
  t.notOk(isSameRoute({ a: '@x' }, { a: '@x' }, '/@x/@x'), '/:a/@x and /@x/:a')
  t.notOk(isSameRoute(null, { '*': 'x' }, '/x'))
})

t.test('the router has joined two slashes where no parameter has an empty segment', async (t) => {
  t.ok(isCollapsed({ '*': 'a/b' }))
  t.ok(isCollapsed({}))
  for (const value of ['', '/a', 'a//b', 'a//']) t.notOk(isCollapsed({ a: 'x', '*': value }), value)
  t.notOk(isCollapsed(null))
})

t.test('parameters are the same except for an @', async (t) => {
  t.ok(isSameButAt({ a: 'jane.doe', b: 'x' }, { a: 'jane@doe', b: 'x' }))
  t.ok(isSameButAt({}, {}))
  t.ok(isSameButAt(null, null))
  t.notOk(isSameButAt({}, null))
  t.notOk(isSameButAt(null, {}))
  t.notOk(isSameButAt({ '*': '7' }, { '*': 'members@only/7' }))
  t.notOk(isSameButAt({ a: 'kkk' }, { a: 'x@y' }))
  t.notOk(isSameButAt({ a: 'x' }, { a: 'x', b: 'y' }))
})

t.test('a route with two parameters of one name is recognized', async (t) => {
  for (const route of ['/:a/:a', '/x/:a-:a', '/:a(^x$)/:b/:a', '/:a.:a']) t.ok(hasRepeatedName(route), route)
  for (const route of ['', '/*', '/:a/:b', '/:a-:b/*', '/k::v/l::v', '/:a/:aa'])
    t.notOk(hasRepeatedName(route), route)
})
