import { fieldLines } from '../rules/field-lines.ts'
import type { Head } from '../rules/verdict.ts'

/**
 * The head of an answer of fetch(), to judge it. Leave `Asked.names` out: fetch() has decoded the body, so no coding is a part
 * of the file. Lines of the same name are joined; two lines that are not a list then have no valid value.
 */
export function headOf({ status, headers }: Pick<Response, 'status' | 'headers'>): Head {
  return { status, fields: fieldLines([...headers].flat()) }
}
