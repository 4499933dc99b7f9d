#!/usr/bin/env node
// Starts the documents' walk.
import { load } from './load.ts'

await load('./demo-walk.js', 'demo')
