// The tables for those who come from other packages name every option of theirs, and only options that are here.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { defaultSettings } from '#plugin/settings.js'
import { REPOSITORY } from '../support/repository.ts'
import { readDocument, tableUnder } from './support/markdown.ts'

const README = readDocument('plugin/README.md')

const declarations = (path: string): string => readFileSync(`${REPOSITORY}node_modules/${path}`, 'utf8')

/** The names of the members that are declared between two texts. */
function membersBetween(text: string, from: string, to: string): string[] {
  const begin = text.indexOf(from)
  const end = text.indexOf(to, begin + from.length)
  if (begin === -1 || end === -1) throw new Error(`no "${from}" before "${to}"`)
  return [...text.slice(begin, end).matchAll(/^ {4,}(\w+)\??: /gm)].map(([, name = '']) => name)
}

const code = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([\w.]+)(?:\(\))?`/g)].map(([, name = '']) => name)

const STATIC = declarations('@fastify/static/types/index.d.ts')
const SERVE_STATIC = declarations('@types/serve-static/index.d.ts')

for (const { heading, column, theirs } of [
  {
    heading: 'Coming from @fastify/static',
    column: '@fastify/static',
    theirs: [
      ...membersBetween(STATIC, 'export interface SendOptions', '}'),
      ...membersBetween(STATIC, '      serve: true', 'type FastifyStaticOptions'),
      ...membersBetween(STATIC, 'type FastifyStaticOptions', 'const fastifyStatic'),
    ].filter((name) => !['pathName', 'request'].includes(name)),
  },
  {
    heading: 'Coming from res.sendFile and res.download',
    column: 'Express',
    theirs: [
      ...membersBetween(SERVE_STATIC, 'interface ServeStaticOptions', '\n    }'),
      'root',
      'headers',
      'filename',
      'callback',
      'next',
      'express.static',
    ],
  },
]) {
  t.test(`the table under "${heading}" has every option of theirs`, async (t) => {
    const rows = tableUnder(README, heading)
    const named = rows.flatMap((row) => code(row[column]))
    t.strictSame([...named].sort(), [...new Set(theirs)].sort())
  })

  t.test(`the table under "${heading}" leads to options that are here`, async (t) => {
    const known = new Set([
      ...Object.keys(defaultSettings()),
      ...['rangeRoutes', 'rangePlugin', 'prefix', 'logLevel', 'onRequest', 'register'],
    ])
    for (const row of tableUnder(README, heading))
      for (const name of code(row['here'])) t.ok(known.has(name), `${name}: ${row[column]}`)
  })
}
