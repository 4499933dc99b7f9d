/** A documentation comment, taken apart. */
export interface Comment {
  /** Markdown. */
  readonly text: string
  readonly params: readonly string[]
  readonly throws: readonly string[]
  readonly returns: readonly string[]
  readonly example: string
}

const EMPTY: Comment = { text: '', params: [], throws: [], returns: [], example: '' }

/** Takes the text between the comment's marks apart. */
export function parseComment(comment: string | undefined): Comment {
  if (comment === undefined) return EMPTY
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  const [text = '', ...tags] = lines
    .join('\n')
    .trim()
    .split(/(?:^|\s)@(?=(?:param|throws|returns|example)\b)/)
  const tagged = (name: string): string[] =>
    tags.filter((tag) => tag.startsWith(`${name} `)).map((tag) => flow(tag.slice(name.length + 1)))
  return {
    text: flow(text),
    params: tagged('param').map((param) => param.replace(/^(\w+) /, '`$1`: ')),
    throws: tagged('throws'),
    returns: tagged('returns'),
    example:
      tags
        .find((tag) => tag.startsWith('example'))
        ?.replace(/^example\s/, '')
        .trim() ?? '',
  }
}

/** The comment in one line, as a cell of a table can hold it. */
export function inOneLine({ text, params, throws, returns }: Comment): string {
  const parts = [
    text,
    ...params,
    ...returns.map((value) => `Returns ${value}`),
    ...throws.map((code) => `Throws ${code}`),
  ]
  return parts
    .filter((part) => part !== '')
    .map((part) => (/[.?:…]$/.test(part) ? part : `${part}.`))
    .join(' ')
    .replace(/\n+/g, ' ')
}

/** Lines that belong to one paragraph or list item in one line; links as code. */
function flow(text: string): string {
  return text
    .replace(/\{@link ([\w.]+)\}/g, '`$1`')
    .split(/\n{2,}/)
    .map((paragraph) => paragraph.replace(/\n(?!- )\s*/g, ' ').trim())
    .join('\n\n')
    .trim()
}
