// Reads declaration files for tests. TypeScript 7 has no API for that, and the files have a simple form.

function bodyOf(declarations: string, opening: string): string {
  const from = declarations.indexOf(opening)
  if (from === -1) throw new Error(`no "${opening}" in these declarations`)
  return declarations.slice(from + opening.length)
}

/** The names of an interface's own members, in order. */
export function membersOf(declarations: string, name: string): string[] {
  const body = bodyOf(declarations, `interface ${name} {`)
  const text = body.slice(0, body.indexOf('\n}'))
  return [...text.matchAll(/^ {4}(?:readonly )?(\w+)\??[:(]/gm)].map(([, member = '']) => member)
}

/** The strings of a union. */
export function unionOf(declarations: string, name: string): string[] {
  const body = bodyOf(declarations, `type ${name} =`)
  return [...body.slice(0, body.indexOf(';')).matchAll(/'(\w+)'/g)].map(([, member = '']) => member)
}
