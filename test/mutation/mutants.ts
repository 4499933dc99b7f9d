import { type Node, parse } from 'acorn'

/** One small change to a module's text. */
export interface Mutant {
  /** 1-based, in the text that was changed. */
  readonly line: number
  /** That line, trimmed. */
  readonly before: string
  /** The line as the mutant has it, trimmed. */
  readonly after: string
  /** The whole text with the change in it. */
  readonly text: string
}

/** What an operator can be mistaken for. */
const OPERATORS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&&': ['||'],
  '||': ['&&'],
  '??': ['&&'],
  '+=': ['-='],
  '-=': ['+='],
  '||=': ['&&='],
  '++': ['--'],
  '--': ['++'],
}

/** A node with whatever fields it has. */
type AnyNode = Node & { readonly [field: string]: unknown }

interface Change {
  readonly start: number
  readonly end: number
  readonly to: string
}

/** Every mutant of a module: operators, conditions, constants, whole statements. */
export function mutantsOf(text: string): readonly Mutant[] {
  const changes: Change[] = []
  const program: unknown = parse(text, { ecmaVersion: 'latest', sourceType: 'module' })
  if (isNode(program)) visit(program, (node) => changes.push(...changesOf(node, text)))
  return changes.map(({ start, end, to }) => {
    const line = text.slice(0, start).split('\n').length
    const mutated = text.slice(0, start) + to + text.slice(end)
    return { line, before: trimmedLine(text, line), after: trimmedLine(mutated, line), text: mutated }
  })
}

function trimmedLine(text: string, line: number): string {
  return text.split('\n')[line - 1]?.trim() ?? ''
}

function visit(node: AnyNode, see: (node: AnyNode) => void): void {
  see(node)
  for (const field of Object.values(node)) {
    for (const child of Array.isArray(field) ? field : [field]) if (isNode(child)) visit(child, see)
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function changesOf(node: AnyNode, text: string): Change[] {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
    case 'AssignmentExpression':
      return operatorChanges(node, [node['left'], node['right']], text)
    case 'UpdateExpression': {
      const other = OPERATORS[String(node['operator'])]?.[0] ?? ''
      const to = text.slice(node.start, node.end).replace(String(node['operator']), other)
      return [{ start: node.start, end: node.end, to }]
    }
    case 'IfStatement':
    case 'ConditionalExpression':
      return isNode(node['test']) ? ['true', 'false'].map((to) => replaced(node['test'], to)) : []
    case 'UnaryExpression':
      return node['operator'] === '!' && isNode(node['argument'])
        ? [{ start: node.start, end: node.end, to: text.slice(node['argument'].start, node.end) }]
        : []
    case 'Literal':
      return literalChanges(node)
    case 'ExpressionStatement':
      return node['directive'] === undefined ? [{ start: node.start, end: node.end, to: ';' }] : []
    default:
      return []
  }
}

function replaced(node: unknown, to: string): Change {
  if (!isNode(node)) throw new TypeError('not a node')
  return { start: node.start, end: node.end, to }
}

/** The operator stands between its operands. */
function operatorChanges(node: AnyNode, [left, right]: readonly unknown[], text: string): Change[] {
  if (!isNode(left) || !isNode(right)) return []
  const operator = String(node['operator'])
  const start = text.indexOf(operator, left.end)
  if (start === -1 || start >= right.start) return []
  return (OPERATORS[operator] ?? []).map((to) => ({ start, end: start + operator.length, to }))
}

function literalChanges(node: AnyNode): Change[] {
  const { value } = node as { value?: unknown }
  if (typeof value === 'number') return [String(value + 1)].map((to) => replaced(node, to))
  if (typeof value === 'boolean') return [replaced(node, String(!value))]
  // Names of modules are strings too: such a mutant does not even load, and is not worth a run.
  return []
}
