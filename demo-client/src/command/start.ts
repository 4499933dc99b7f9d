#!/usr/bin/env node
// Starts range-get. `command.js` is built of `range-get.ts`.
import { load } from './load.ts'

await load('./command.js', 'range-get')
