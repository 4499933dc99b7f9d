// The options of a README: a heading for each, a line with its type and default, and its meaning.
import { declarationOf } from '../api/declaration.ts'

/** The option under one heading. */
export interface DocumentedOption {
  /** The heading. */
  readonly name: string
  /** Without what the text beside it says of its values. */
  readonly type: string
  readonly defaultValue: string
  readonly meaning: string
}

const LINK = /\[([^\]]+)\]\([^)]*\)/g
const plain = (text: string): string => text.replace(LINK, '$1').replaceAll('`', '')

/** The sections of the next level below `heading`: the name and the paragraphs of each. */
function sectionsUnder(
  text: string,
  heading: string,
): { readonly name: string; readonly paragraphs: string[] }[] {
  const [, level = ''] = new RegExp(`^(#+) ${heading}$`, 'm').exec(text) ?? []
  const [, after = ''] = text.split(`\n${level} ${heading}\n`)
  const [own = ''] = after.split(new RegExp(`\\n#{1,${level.length}} `))
  return own
    .split(`\n${level}# `)
    .slice(1)
    .map((section) => {
      const [name = '', ...paragraphs] = section.trim().split('\n\n')
      return { name, paragraphs }
    })
}

/** The options of a library, under the headings below `heading`. */
export function optionsUnder(text: string, heading: string): DocumentedOption[] {
  return sectionsUnder(text, heading).map(({ name, paragraphs: [line = '', ...meaning] }) => {
    const [type = '', defaultValue = ''] = line.split(' · default ')
    const [, code = ''] = /`([^`]+)`/.exec(type) ?? []
    return { name, type: code, defaultValue: plain(defaultValue), meaning: meaning.join('\n\n') }
  })
}

/** An option of a command. */
export interface CommandOption {
  /** The heading: `--name`. */
  readonly name: string
  /** `-n, --name VALUE` */
  readonly spelling: string
  /** Empty by default. */
  readonly defaultValue: string
}

/** The options of a command, under the headings below `heading`. The first line is there if it says more than the name. */
export function commandOptionsUnder(text: string, heading: string): CommandOption[] {
  return sectionsUnder(text, heading).map(({ name, paragraphs: [line = ''] }) => {
    const [spelling = '', defaultValue = ''] = (/^`-/.test(line) ? line : name).split(' · default ')
    return { name, spelling: plain(spelling), defaultValue: plain(defaultValue) }
  })
}

/** The links in the first paragraph below `heading` that has any: the text and the target of each. */
export function linksUnder(text: string, heading: string): (readonly [text: string, target: string])[] {
  const [, after = ''] = text.split(`\n### ${heading}\n`)
  const line = after.split('\n').find((each) => each.startsWith('[`')) ?? ''
  return [...line.matchAll(/\[`([\w-]+)`\]\(([#\w-]+)\)/g)].map(([, name = '', target = '']) => [
    name,
    target,
  ])
}

/**
 * The parts of a union as a README writes them: a function without its parameters.
 *
 * @param aliases types to put in for their names
 */
export function partsOf(type: string, aliases: Readonly<Record<string, string>> = {}): string[] {
  const parts = type.replace(/\(\([^)]*\) => [^)]*\)/, 'function').split(' | ')
  const shown = parts.flatMap((part) => {
    const alias = aliases[part]
    return alias === undefined ? part.replace(/^Readonly<(.*)>$/, '$1') : partsOf(alias, aliases)
  })
  return shown.sort()
}

/** The right side of a type that is declared in the text of a declaration file. */
export function aliasOf(name: string, declarations: string): string {
  const { signature } = declarationOf(name, declarations)
  return signature.replace(/^type \w+ = /, '').replace(/;$/, '')
}
