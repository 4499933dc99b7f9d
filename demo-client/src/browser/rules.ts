// The rules of range-get for pages. The build makes one module of them, without anything of Node.
export { suspectsFor } from '../content/file-formats.ts'
export { standInOf } from '../content/stand-in.ts'
export { backoff } from '../rules/backoff.ts'
export { parseContentRange } from '../rules/content-range.ts'
export { rangeValidator } from '../rules/validators.ts'
export { judge } from '../rules/verdict.ts'
export { headOf } from './fetched-head.ts'
