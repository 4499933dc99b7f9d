import t from 'tap'
import { isCanonicalTarget } from '#plugin/request-spelling.js'

t.test('the one spelling of a path', async (t) => {
  const targets = [
    '/',
    '/files/a.txt',
    '/files/a%20b.txt',
    '/files/100%25',
    '/files/%252e%252e%252fa',
    '/files/%252F',
    '/files/a..b',
    '/files/..a',
    '/files/a.',
    '/files/.well-known',
    '/files/...',
    '/files/a%23b',
    '/files/a%3Fb',
    '/files/%E2%98%83',
    '/files/a+b&c=d;e',
    '/files/%7Euser/a%21b%27c',
    '/files/%2541.txt',
    '/files/a/',
    '/files/a.txt?',
    '/files/a.txt?path=/a//b/../c/./d%2Fe%5Cf\\g',
    '/files/a.txt?//',
  ]
  for (const target of targets) t.ok(isCanonicalTarget(target, 'refuse'), target)
})

t.test('a second spelling', async (t) => {
  const targets = [
    '/files/%41.txt',
    '/files/%7a.txt',
    '/files/%5Ax',
    '/files/%30',
    '/files/a%2eb',
    '/files/a%2Db%5fc',
    '/files/%2ehidden',
    '/%70rivate/a.txt',
    '//files/a.txt',
    '/files//a.txt',
    '/files/a.txt//',
    '/files/./a.txt',
    '/files/.',
    '/files/../files/a.txt',
    '/files/..',
    '/files/%2e/a.txt',
    '/files/%2E%2E/a.txt',
    '/files/.%2e/a.txt',
    '/files/%2E./a.txt',
    '/files/%2e',
    '/files/%2e%2E',
    '/files/a\\b',
    '/files/a%5cb',
    '/files/a%5Cb',
    '/files/..%5c..%5cb',
    '/files/%2e%2e?a',
    '/files/.?a',
  ]
  for (const target of targets) {
    t.notOk(isCanonicalTarget(target, 'refuse'), target)
    t.notOk(isCanonicalTarget(target, 'allow'), `${target}, encoded slashes allowed`)
  }
})

t.test('encoded slashes', async (t) => {
  for (const target of ['/files/a%2Fb', '/files/a%2fb', '/files/..%2f..%2fb', '/files%2Fa', '/files/a%2F']) {
    t.notOk(isCanonicalTarget(target, 'refuse'), target)
    t.ok(isCanonicalTarget(target, 'allow'), `${target}, allowed`)
  }
})

t.test('RFC 9112 §3.2.2 the absolute form of a target is the same path', async (t) => {
  t.ok(isCanonicalTarget('http://test.invalid/files/a.txt', 'refuse'))
  t.ok(isCanonicalTarget('http://test.invalid:8080/files/a.txt?b//c', 'refuse'))
  t.ok(isCanonicalTarget('HTTPS://test.invalid/files/a.txt', 'refuse'))
  for (const path of [
    '//files/a',
    '/files//a',
    '/files/../a',
    '/files/%2e/a',
    '/files/a%2fb',
    '/files/a%5cb',
  ]) {
    t.notOk(isCanonicalTarget(`http://test.invalid${path}`, 'refuse'), path)
  }
  t.notOk(isCanonicalTarget('http:///../files/a', 'refuse'), 'without an authority')
})
