import t from 'tap'
import {
  attributeOf,
  childrenNamed,
  localName,
  MAX_DOCUMENT,
  namespaceOf,
  rootOf,
  textOf,
} from '#client/metalink/xml-elements.js'

for (const [name, text, expected] of [
  ['a default namespace', '<a xmlns="u"/>', ['a', 'u']],
  ['a prefix', '<p:a xmlns:p="u" xmlns="other"/>', ['a', 'u']],
  ['no namespace', '<a/>', ['a', '']],
  ['a prefix that is not declared', '<p:a/>', ['a', '']],
] as const)
  t.test(`an element has a name and a namespace: ${name}`, async (t) => {
    const root = await rootOf(text)
    t.strictSame([localName(root), namespaceOf(root)], expected)
  })

t.test('children are found by name in the namespace of their parent, whatever their prefix', async (t) => {
  const root = await rootOf(
    '<a xmlns="u" xmlns:q="u" xmlns:r="v"><b n="1"/>x<q:b n="2"/><r:b n="3"/><b xmlns="v" n="4"/><c n="5"/><!-- x --><c><b n="6"/></c></a>',
  )
  const found = childrenNamed(root, 'b').map((each) => attributeOf(each, 'n'))
  t.strictSame(found, ['1', '2'])
  t.strictSame(childrenNamed(root, 'd'), [])
})

t.test('the text of an element is without blanks around it, and without its children', async (t) => {
  t.equal(textOf(await rootOf('<a>\n  x &amp; <b>y</b><![CDATA[<z>]]>\n</a>')), 'x & <z>')
  t.equal(textOf(await rootOf('<a/>')), '')
})

t.test('a missing attribute is null, and a name of every object is no attribute', async (t) => {
  t.equal(attributeOf(await rootOf('<a b=""/>'), 'b'), '')
  t.equal(attributeOf(await rootOf('<a/>'), 'b'), null)
  t.equal(attributeOf(await rootOf('<a/>'), 'constructor'), null)
})

const LAUGHS = Array.from({ length: 30 }, (_, at) => `<!ENTITY l${at + 1} "&l${at};&l${at};">`).join('')
for (const [name, text, message] of [
  ['text', 'hello', /^it is not XML: /],
  ['nothing', '', /^it is not XML: /],
  ['a page', '<!doctype html><p>404', /^it is not XML: [^\n]*$/],
  ['an end that is missing', '<a><b></a>', /^it is not XML: /],
  [
    'entities in entities',
    `<!DOCTYPE a [<!ENTITY l0 "ha">${LAUGHS}]><a>&l30;</a>`,
    /^it is not XML: .*&l30;/,
  ],
  ['a file', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', /^it is not XML: .*&x;/],
  [
    'a file in a parameter',
    '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://h/"> %x;]><a>&y;</a>',
    /^it is not XML: .*&y;/,
  ],
  ['a million elements in each other', '<a>'.repeat(1_000_000), 'it is not XML: it is nested too deeply'],
  [
    'a million elements that end',
    `${'<a>'.repeat(1e6)}${'</a>'.repeat(1e6)}`,
    'it is not XML: it is nested too deeply',
  ],
  ['a null character', '<a>\u0000</a>', /^it is not XML: /],
  ['too much', `<a>${' '.repeat(MAX_DOCUMENT)}</a>`, 'it is too long for a Metalink'],
] as const)
  t.test(`what is not a short XML document is an error: ${name}`, async (t) => {
    await t.rejects(rootOf(text), { code: 'ERR_DOWNLOAD_USAGE', message })
  })

t.test('the longest document, and a DTD that nothing is taken from', async (t) => {
  t.equal(MAX_DOCUMENT, 16_777_216)
  const text = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY x "y">]><a/>'
  t.equal((await rootOf(text + ' '.repeat(MAX_DOCUMENT - text.length))).name, 'a')
})
