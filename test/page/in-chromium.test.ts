// The tests of the page in Chromium.
import { everyPart } from './parts.ts'

await everyPart('Chromium')
