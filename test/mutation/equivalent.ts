import { lineOf, type Mutant } from './mutants.ts'

/** A change that cannot be noticed, and why. */
interface Equivalent {
  readonly module: string
  /** The line as the mutant has it, trimmed. */
  readonly line: string
  readonly why: string
}

const EQUIVALENT: readonly Equivalent[] = [
  {
    module: 'plugin/dist/range-set',
    line: 'while (at <= value.length) {',
    why: 'at the end there is no character, and the body does nothing but go on',
  },
  {
    module: 'plugin/dist/entity-tag',
    line: 'while (at <= value.length) {',
    why: 'at the end there is no character, so no tag, and the loop is left',
  },
  {
    module: 'plugin/dist/entity-tag',
    line: 'if (at <= value.length && value.charCodeAt(at) !== COMMA)',
    why: 'at the end the loop is over, left or not',
  },
  {
    module: 'demo-client/dist/plan',
    line: 'const at = blocks.findIndex((other) => other.start > block.start);',
    why: 'no two blocks begin at the same byte',
  },
  {
    module: 'demo-client/dist/content-range',
    line: 'const total = false ? null : digits(match?.[3] ?? null);',
    why: '`*` is no digits either',
  },
  {
    module: 'demo-client/dist/identity',
    line: 'if (lastModified === null && date === null)',
    why: 'what is null is no HTTP-date either',
  },
  {
    module: 'demo-client/dist/identity',
    line: 'if (tags[0] !== null && tags[1] !== null)',
    why: 'a strong tag on one side only: the tags differ below, too',
  },
]

/** Whether a mutant does the same as its module. */
export function isEquivalent(module: string, mutant: Mutant): boolean {
  return EQUIVALENT.some((known) => known.module === module && known.line === lineOf(mutant))
}
