#!/usr/bin/env node
// Starts the demo.
import { load } from '../command/load-modules.ts'

void load('./demo-main.js', 'demo')
