// Starts `npm run demo` and `npm start`. Nothing here is newer than ES2015, and no module of Node.js is imported, so that
// an old Node.js can read it and say that it is too old. The rest is in run.mjs.

/** Whether this version has all that the programs use. The newest thing of these is that CommonJS can load ES modules. */
function isSupported(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
}

const { node } = process.versions
if (isSupported(node)) void import('./run.mjs')
else {
  process.stderr.write(`the demo needs Node.js 20.19, 22.12 or later, and this is ${node}\n`)
  process.exitCode = 1
}
