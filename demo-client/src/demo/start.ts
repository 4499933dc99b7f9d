#!/usr/bin/env node
// Starts the documents' walk.
import { load } from '../command/load.ts'

await load('./demo-walk.js', 'demo')
