// The page has its texts in two languages: English in index.html and texts-en.js, Chinese in texts-zh.js.
import { readdir, readFile } from 'node:fs/promises'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { REPOSITORY } from '../support/repository.ts'

const PUBLIC = `${REPOSITORY}demo-server/public/`

type Texts = Record<string, string | { one?: string; other: string }>

async function table(name: string): Promise<Texts> {
  const { default: texts } = (await import(`${PUBLIC}js/${name}`)) as { default: Texts }
  return texts
}

const ENGLISH = await table('texts-en.js')
const CHINESE = await table('texts-zh.js')
const HTML = await readFile(`${PUBLIC}index.html`, 'utf8')

const sorted = (keys: Iterable<string>): string[] => [...new Set(keys)].sort()
const found = (source: string, pattern: RegExp): string[] =>
  Array.from(source.matchAll(pattern), ([, key = '']) => key)

async function scripts(): Promise<string> {
  const names = (await readdir(`${PUBLIC}js/`)).filter((name) => !name.startsWith('texts'))
  return (await Promise.all(names.map((name) => readFile(`${PUBLIC}js/${name}`, 'utf8')))).join('\n')
}

t.test('every text of the page has a Chinese one, and none is left over', async (t) => {
  const inPage = found(HTML, /data-text(?:-[a-z-]+)?="([^"]+)"/g)
  t.strictSame(sorted(Object.keys(CHINESE)), sorted([...inPage, ...Object.keys(ENGLISH)]))
})

t.test('every text of the scripts is used, and every one that is used is there', async (t) => {
  t.strictSame(sorted(found(await scripts(), /\btext\(\s*'([^']+)'/g)), sorted(Object.keys(ENGLISH)))
})

t.test('a text has the same values in both languages', async (t) => {
  const names = (texts: Texts, key: string): string[] =>
    sorted(found(JSON.stringify(texts[key]), /\{(\w+)\}/g))
  for (const key of Object.keys(ENGLISH)) t.strictSame(names(CHINESE, key), names(ENGLISH, key), key)
})

t.test('a reason is a whole sentence, because others follow it', async (t) => {
  for (const key of Object.keys(ENGLISH).filter((key) => /^(?:answer|stop)\./.test(key))) {
    t.match(ENGLISH[key], /\.$/, key)
    t.match(CHINESE[key], /。$/, key)
  }
})

for (const { languages, search = '', is } of [
  { languages: ['en-US', 'en'], is: 'en' },
  { languages: ['zh-CN', 'en'], is: 'zh-CN' },
  { languages: ['zh-TW'], is: 'zh-CN' },
  { languages: ['zh-Hans-SG'], is: 'zh-CN' },
  { languages: ['ZH'], is: 'zh-CN' },
  { languages: ['fr', 'zh-CN', 'en'], is: 'zh-CN' },
  { languages: ['en-GB', 'zh-CN'], is: 'en' },
  { languages: ['fr', 'de'], is: 'en' },
  { languages: ['zha', 'eng'], is: 'en' },
  { languages: [], is: 'en' },
  { languages: ['en'], search: '?lang=zh-CN', is: 'zh-CN' },
  { languages: ['zh-CN'], search: '?lang=en', is: 'en' },
  { languages: ['zh-CN'], search: '?lang=fr', is: 'zh-CN' },
]) {
  t.test(`languages ${languages.join(', ') || '(none)'}${search}: the page is ${is}`, async (t) => {
    const classes = new Set<string>()
    const documentElement = { lang: 'en', classList: classes }
    runInNewContext(await readFile(`${PUBLIC}js/language.js`, 'utf8'), {
      URLSearchParams,
      location: { search },
      navigator: { languages },
      document: { documentElement },
      addEventListener: () => {},
    })
    t.equal(documentElement.lang, is)
    t.equal(classes.has('untranslated'), is !== 'en', 'it is hidden until it is translated')
  })
}
