#!/usr/bin/env node
// Starts the demo.
import { load } from '../command/load-modules.ts'

await load('./demo-walk.js', 'demo')
