// For `node --import`: see load-hooks.
import { register } from 'node:module'

register('./load-hooks.js', import.meta.url)
