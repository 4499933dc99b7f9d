import t from 'tap'
import { isHtml, isJson, isMetalink } from '#client/content/media-types.js'

t.test('text/html and application/xhtml+xml are HTML, with any parameters and case', async (t) => {
  for (const type of [
    'text/html',
    'TEXT/HTML',
    'text/html;charset=x',
    'text/html ; a=b',
    'application/xhtml+xml',
  ])
    t.ok(isHtml(type), type)
  for (const type of ['text/plain', 'text/htmlx', 'x-text/html', 'application/xml'])
    t.notOk(isHtml(type), type)
})

t.test('application/json, text/json and types with +json are JSON', async (t) => {
  for (const type of [
    'application/json',
    'text/json',
    'application/problem+json',
    'a/b, Application/JSON;x=1',
  ])
    t.ok(isJson(type), type)
  for (const type of ['', 'application/jsonp', 'application/json-seq', 'text/plain'])
    t.notOk(isJson(type), type)
})

t.test('§8.1: the media type of a Metalink', async (t) => {
  for (const type of ['application/metalink4+xml', 'Application/Metalink4+XML; charset=utf-8'])
    t.ok(isMetalink(type), type)
  for (const type of ['', 'application/metalink+xml', 'application/xml', 'text/plain'])
    t.notOk(isMetalink(type), type)
})
