import { type Comment, parseComment } from './comment.ts'

/** A member of an interface or a class. */
export interface Member {
  readonly name: string
  readonly type: string
  readonly comment: Comment
}

/** An exported declaration. */
export interface Declaration {
  readonly name: string
  readonly kind: 'class' | 'const' | 'function' | 'interface' | 'type'
  readonly comment: Comment
  /** Without the body of an interface or a class. */
  readonly signature: string
  readonly members: readonly Member[]
}

const COMMENT = String.raw`(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?`

/** Finds an exported declaration in the text of a declaration file as tsc writes it. */
export function declarationOf(name: string, text: string): Declaration {
  const kinds = 'class|const|function|interface|type'
  const match = new RegExp(`${COMMENT}export (?:declare )?(${kinds}) ${name}\\b`).exec(text)
  if (match === null) throw new Error(`no declaration of ${name}`)
  const kind = match[2] as Declaration['kind']
  const from = match.index + match[0].lastIndexOf('export ')
  const statement = text.slice(from, endOf(text, from, kind)).replace(/^export (?:declare )?/, '')
  const comment = parseComment(match[1])
  if (kind === 'function') {
    const next = overloadOf(name, text.slice(from + statement.length + 'export declare '.length))
    const both = [comment.text, next?.comment.text ?? ''].join('\n\n').trim()
    const signature = [statement, next?.signature ?? ''].join('\n').trim()
    return { name, kind, comment: { ...comment, text: both }, signature, members: [] }
  }
  if (kind !== 'class' && kind !== 'interface')
    return { name, kind, comment, signature: statement, members: [] }
  const brace = statement.indexOf('{')
  return {
    name,
    kind,
    comment,
    signature: statement.slice(0, brace).trim(),
    members: membersOf(statement.slice(brace + 1, -1)),
  }
}

/** Another signature of the same function, or null. */
function overloadOf(name: string, text: string): Declaration | null {
  return new RegExp(`export declare function ${name}\\b`).test(text) ? declarationOf(name, text) : null
}

/** The members that a module adds to an interface of Fastify. */
export function augmentationOf(text: string): readonly Member[] {
  const match = /declare module 'fastify' \{\s*interface \w+ \{([\s\S]*?)\n {4}\}/.exec(text)
  return match === null ? [] : membersOf(match[1] ?? '')
}

function endOf(text: string, from: number, kind: Declaration['kind']): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    if ('{(['.includes(text.charAt(at))) depth++
    if ('})]'.includes(text.charAt(at)) && --depth === 0 && (kind === 'class' || kind === 'interface'))
      return at + 1
    if (text.charAt(at) === ';' && depth === 0) return at + 1
  }
  throw new Error('a declaration without an end')
}

function membersOf(body: string): Member[] {
  const pattern = new RegExp(
    `${COMMENT}((?:readonly )?(?:\\[[^\\]]+\\]|[\\w#]+)\\??)([:(](?:\\{[^{}]*\\}|[^;{}])*);`,
    'g',
  )
  return [...body.matchAll(pattern)].map(([, comment, name = '', rest = '']) => ({
    name: name.replace('readonly ', ''),
    type: (rest.startsWith(':') ? rest.slice(1) : rest).replace(/\s+/g, ' ').trim(),
    comment: parseComment(comment),
  }))
}
