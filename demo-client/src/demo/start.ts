#!/usr/bin/env node
// Starts the demo. `demo-main.js` is the bundle of `main.ts`.
import { load } from '../command/load-modules.ts'

const path = './demo-main.js'
void load(() => import(path), 'demo')
