// Runs in a process whose tests are to notice a mutant: gives its text wherever the module itself is asked for.
import { readFileSync } from 'node:fs'
import type { LoadHook } from 'node:module'

const { MUTANT_MODULE, MUTANT_TEXT } = process.env

export const load: LoadHook = async (url, context, nextLoad) => {
  if (url !== MUTANT_MODULE || MUTANT_TEXT === undefined) return await nextLoad(url, context)
  return { format: 'module', shortCircuit: true, source: readFileSync(MUTANT_TEXT, 'utf8') }
}
