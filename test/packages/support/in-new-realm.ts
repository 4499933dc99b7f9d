// Runs the module that is given: node --experimental-vm-modules in-new-realm.js MODULE
import { importInNewRealm } from './realm.ts'

await importInNewRealm(process.argv[2] ?? '')
