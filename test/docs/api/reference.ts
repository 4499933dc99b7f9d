import { readFileSync } from 'node:fs'
import { inOneLine } from './comment.ts'
import { augmentationOf, type Declaration, declarationOf, type Member } from './declaration.ts'

/**
 * The API reference of a package, out of the declaration files that its build has written.
 *
 * @param folder the package's folder, with a slash at its end
 */
export function referenceOf(folder: string): string {
  const { name, exports } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  const read = (file: string): string => readFileSync(`${folder}dist/${file}.d.ts`, 'utf8')
  const index = read('index')
  const added = augmentationOf(index)
  const places = placesOf(name, Object.keys(exports), (entry) => exportsOf(read(entry)))
  const declarations = [...places].map(([exported, { file }]) => declarationOf(exported, read(file)))
  const order: readonly Declaration['kind'][] = ['const', 'function', 'class', 'interface', 'type']
  declarations.sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.name.localeCompare(b.name, 'en'),
  )
  return [
    `# API of ${name}`,
    'Made from the comments in the source by `npm run docs`. [README](README.md) explains how to use it.',
    linksTo(declarations.map((declaration) => declaration.name)),
    ...(added.length === 0 ? [] : ['## Added to FastifyReply', membersTable(added)]),
    ...declarations.flatMap((each) => section(each, places.get(each.name)?.from ?? [])),
  ]
    .join('\n\n')
    .concat('\n')
}

/** Names that differ in case only have the same anchor, and a number behind it from the second on. */
function linksTo(names: readonly string[]): string {
  const seen: string[] = []
  const links = names.map((name) => {
    const anchor = name.toLowerCase()
    const earlier = seen.filter((other) => other === anchor).length
    seen.push(anchor)
    return `[\`${name}\`](#${anchor}${earlier === 0 ? '' : `-${earlier}`})`
  })
  return links.join(' · ')
}

/** Names and the files they are declared in, as an index file exports them. */
function exportsOf(index: string): (readonly [name: string, file: string])[] {
  const found: (readonly [string, string])[] = []
  for (const [, names = '', file = ''] of index.matchAll(
    /export (?:type )?\{([^}]*)\} from '\.\/([\w/-]+)\.ts'/g,
  )) {
    for (const name of names.split(',')) {
      const own = name.replace('type ', '').trim()
      if (own !== '') found.push([own, file])
    }
  }
  for (const [, name = ''] of index.matchAll(/export declare \w+ (\w+)/g)) found.push([name, 'index'])
  return found
}

interface Place {
  readonly file: string
  /** What it is imported from, if that is not the package itself. */
  readonly from: readonly string[]
}

/** Everything that is exported, by its name: the file that declares it, and the entry points that export it. */
function placesOf(
  name: string,
  entries: readonly string[],
  read: (entry: string) => readonly (readonly [name: string, file: string])[],
): Map<string, Place> {
  const places = new Map<string, Place>()
  for (const entry of entries.filter((each) => !each.endsWith('.json'))) {
    const isIndex = entry === '.'
    for (const [exported, file] of read(isIndex ? 'index' : entry.replace('./', ''))) {
      const from = [...(places.get(exported)?.from ?? []), ...(isIndex ? [] : [`${name}${entry.slice(1)}`])]
      places.set(exported, { file, from })
    }
  }
  return places
}

function section({ name, comment, signature, members }: Declaration, from: readonly string[]): string[] {
  const list = comment.params.map((param) => `- ${param}`).join('\n')
  const parts = [
    `## ${name}`,
    comment.text,
    from.length === 0 ? '' : `From ${from.map((each) => `\`${each}\``).join(' and ')}.`,
    fenced(signature),
    list,
    ...comment.returns.map((value) => `Returns ${value}.`),
    ...comment.throws.map((value) => `Throws ${value}.`),
    comment.example === '' ? '' : fenced(comment.example),
    members.length === 0 ? '' : membersTable(members),
  ]
  return parts.filter((part) => part !== '')
}

function fenced(code: string): string {
  return ['```ts', code, '```'].join('\n')
}

function membersTable(members: readonly Member[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const rows = members.map(
    ({ name, type, comment }) => `| \`${name}\` | \`${cell(type)}\` | ${cell(inOneLine(comment))} |`,
  )
  return ['| member | type | meaning |', '| --- | --- | --- |', ...rows].join('\n')
}
