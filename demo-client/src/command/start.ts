#!/usr/bin/env node
// Starts range-get. `command.js` is the bundle of `range-get.ts`.
import { load } from './load-modules.ts'

void load('./command.js', 'range-get')
