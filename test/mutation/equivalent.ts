import type { Mutant } from './mutants.ts'

/** Changes of a line that cannot be noticed, and why. */
export interface Equivalent {
  readonly module: string
  /** The line as it is, trimmed. */
  readonly line: string
  /** As mutants have it. */
  readonly becomes: readonly string[]
  readonly why: string
}

export const EQUIVALENT: readonly Equivalent[] = [
  {
    module: 'plugin/dist/rules/range-set',
    line: 'while (at < value.length) {',
    becomes: ['while (at <= value.length) {'],
    why: 'at the end there is no character, and the body does nothing but go on',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'if (hyphen === -1 || hyphen >= end)',
    becomes: ['if (hyphen === -1 || hyphen > end)'],
    why: 'the character at the end is no hyphen, or it would not be the end',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'if (a.length <= MAX_SAFE_DIGITS && b.length <= MAX_SAFE_DIGITS)',
    becomes: [
      'if (false)',
      'if (a.length <= MAX_SAFE_DIGITS || b.length <= MAX_SAFE_DIGITS)',
      'if (a.length < MAX_SAFE_DIGITS && b.length <= MAX_SAFE_DIGITS)',
      'if (a.length > MAX_SAFE_DIGITS && b.length <= MAX_SAFE_DIGITS)',
      'if (a.length <= MAX_SAFE_DIGITS && b.length < MAX_SAFE_DIGITS)',
      'if (a.length <= MAX_SAFE_DIGITS && b.length > MAX_SAFE_DIGITS)',
    ],
    why: 'while one of two numbers is exact, both ways find the greater one; this one is faster',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'return left < right ? -1 : left > right ? 1 : 0;',
    becomes: [
      'return false ? -1 : left > right ? 1 : 0;',
      'return left <= right ? -1 : left > right ? 1 : 0;',
      'return left < right ? -2 : left > right ? 1 : 0;',
      'return left < right ? -1 : left > right ? 2 : 0;',
    ],
    why: 'all that is asked is whether it is more than 0',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'while (at < digits.length - 1 && digits.charCodeAt(at) === ZERO)',
    becomes: [
      'while (at <= digits.length - 1 && digits.charCodeAt(at) === ZERO)',
      'while (at < digits.length + 1 && digits.charCodeAt(at) === ZERO)',
    ],
    why: 'zeros alone become nothing instead of one zero, and are the least number still',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: "if (spec.kind === 'suffix-range')",
    becomes: ['if (true)'],
    why: 'an int-range has no length to be more than 0',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'order.sort((a, b) => a.range.first - b.range.first || a.index - b.index);',
    becomes: ['order.sort((a, b) => a.range.first - b.range.first || a.index + b.index);'],
    why: 'two that begin at the same byte are joined, under the lesser index, whichever comes first',
  },
  {
    module: 'plugin/dist/rules/range-set',
    line: 'let end = -1;',
    becomes: ['let end = -2;'],
    why: 'the first range is compared with nothing',
  },
  {
    module: 'plugin/dist/rules/http-date',
    line: 'if (value.length > MAX_LENGTH)',
    becomes: ['if (false)'],
    why: 'no form is longer than the longest: the line saves the work of finding out',
  },
  {
    module: 'plugin/dist/rules/http-date',
    line: 'const [hour = 0, minute = 0, second = 0] = time.slice(0, 3).map(Number);',
    becomes: [
      'const [hour = 1, minute = 0, second = 0] = time.slice(0, 3).map(Number);',
      'const [hour = 0, minute = 1, second = 0] = time.slice(0, 3).map(Number);',
      'const [hour = 0, minute = 0, second = 1] = time.slice(0, 3).map(Number);',
      'const [hour = 0, minute = 0, second = 0] = time.slice(0, 4).map(Number);',
    ],
    why: 'what matched has the three; what is behind them is not looked at',
  },
  {
    module: 'plugin/dist/rules/http-date',
    line: 'if (seconds !== lastFormatted.seconds) {',
    becomes: ['if (true) {'],
    why: 'the same text, made again',
  },
  {
    module: 'plugin/dist/rules/entity-tag',
    line: 'while (at < value.length) {',
    becomes: ['while (at <= value.length) {'],
    why: 'at the end there is no character, so no tag, and the loop is left',
  },
  {
    module: 'plugin/dist/rules/entity-tag',
    line: 'if (at < value.length && value.charCodeAt(at) !== COMMA)',
    becomes: ['if (at <= value.length && value.charCodeAt(at) !== COMMA)'],
    why: 'at the end the loop is over, left or not',
  },
  {
    module: 'plugin/dist/rules/entity-tag',
    line: 'while (at < value.length && isEtagCharacter(value.charCodeAt(at)))',
    becomes: ['while (at <= value.length && isEtagCharacter(value.charCodeAt(at)))'],
    why: 'at the end there is no character, so none of a tag',
  },
  {
    module: 'plugin/dist/rules/digest-algorithm',
    line: "return typeof weight === 'number' && Number.isInteger(weight) && weight > 0 && weight <= MAX_WEIGHT",
    becomes: [
      "return typeof weight === 'number' && Number.isInteger(weight) && weight >= 0 && weight <= MAX_WEIGHT",
    ],
    why: 'a weight of 0 is what everything else counts as',
  },
  {
    module: 'plugin/dist/rules/checksum-list',
    line: 'if (line.length < 2 * file.digestBytes)',
    becomes: ['if (false)', 'if (line.length < 2 / file.digestBytes)'],
    why: 'a shorter line has no such digest, which is found out later too; this is faster',
  },
  {
    module: 'demo-client/dist/state/untouched',
    line: 'if (NEVER_STATE.test(name))',
    becomes: ['if (false)'],
    why: 'what follows says the same of these names, and takes longer',
  },
  {
    module: 'demo-client/dist/state/blocks',
    line: 'const at = blocks.findIndex((other) => other.start >= block.start);',
    becomes: ['const at = blocks.findIndex((other) => other.start > block.start);'],
    why: 'no two blocks begin at the same byte',
  },
  {
    module: 'demo-client/dist/rules/content-range',
    line: 'if (field === null)',
    becomes: ['if (false)'],
    why: 'a pattern reads null as a word, which is no Content-Range',
  },
  {
    module: 'demo-client/dist/rules/content-range',
    line: 'const total = isOpen ? null : digits(match?.[3] ?? null);',
    becomes: ['const total = false ? null : digits(match?.[3] ?? null);'],
    why: '`*` is no digits either',
  },
  {
    module: 'demo-client/dist/rules/validators',
    line: 'if (lastModified === null || date === null)',
    becomes: ['if (false)', 'if (lastModified === null && date === null)'],
    why: 'what is null is no HTTP-date either',
  },
  {
    module: 'demo-client/dist/rules/validators',
    line: 'if (modified === null || sent === null)',
    becomes: ['if (false)', 'if (modified === null && sent === null)'],
    why: 'null counts as 0 below, which is before 1990, and before every date',
  },
  {
    module: 'demo-client/dist/state/journal-format',
    line: "if (!('key' in value && 'validators' in value && 'blocks' in value))",
    becomes: [
      'if (false)',
      "if (!('key' in value && 'validators' in value || 'blocks' in value))",
      "if (!('key' in value || 'validators' in value && 'blocks' in value))",
    ],
    why: 'the compiler wants the question; what is missing is of the wrong type below, too',
  },
  {
    module: 'demo-client/dist/rules/no-proxy',
    line: "return isIP(host) > 0 ? isAddress(host, name) : isDomain(host, nameOf(name.replace(/^\\*?\\./, '')));",
    becomes: [
      "return isIP(host) > 1 ? isAddress(host, name) : isDomain(host, nameOf(name.replace(/^\\*?\\./, '')));",
    ],
    why: 'the version of an address is 4 or 6',
  },
  {
    module: 'demo-client/dist/text/progress-line',
    line: 'size: 2,',
    becomes: ['size: 3,'],
    why: 'of equal ranks the first piece stays, and the size comes before the speed',
  },
]

/** What is declared of a mutant, if anything is. */
export function declared(module: string, { before, after }: Mutant): Equivalent | undefined {
  return EQUIVALENT.find(
    (known) => known.module === module && known.line === before && known.becomes.includes(after),
  )
}
