// For `node --import`: a command under the slow clock.
import { slowClock } from './slow-clock.ts'

slowClock()
