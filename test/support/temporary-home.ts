// Imported before each test file (see `tap` in package.json): what downloads keep for their user stays out of the real home.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'range-get-state-'))
process.env[process.platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME'] = folder
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
