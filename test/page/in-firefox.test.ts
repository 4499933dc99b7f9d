// The tests of the page in Firefox.
import { everyPart } from './parts.ts'

await everyPart('Firefox')
