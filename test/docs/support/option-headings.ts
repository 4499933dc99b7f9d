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

/** The options under the headings of the next level below `heading`. */
export function optionsUnder(text: string, heading: string): DocumentedOption[] {
  const [, level = ''] = new RegExp(`^(#+) ${heading}$`, 'm').exec(text) ?? []
  const [, after = ''] = text.split(`\n${level} ${heading}\n`)
  const [own = ''] = after.split(new RegExp(`\\n#{1,${level.length}} `))
  return own
    .split(`\n${level}# `)
    .slice(1)
    .map((section) => {
      const [name = '', , line = '', , ...meaning] = section.split('\n')
      const [type = '', defaultValue = ''] = line.split(' · default ')
      const [, code = ''] = /`([^`]+)`/.exec(type) ?? []
      return { name, type: code, defaultValue: plain(defaultValue), meaning: meaning.join('\n').trim() }
    })
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
