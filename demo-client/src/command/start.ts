#!/usr/bin/env node
// Starts range-get. `command.cjs` is the bundle of `range-get.ts`. Both are CommonJS: Node.js starts that without its loader of
// ES modules, which takes longer than a small download, and makes no module of ES for each of its own that they import.
import { load } from './load-modules.ts'

void load(() => (require('./command.cjs') as typeof import('./range-get.ts')).ended, 'range-get')
