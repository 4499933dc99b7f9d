// Which versions of Node.js can run the commands. Pure.

/**
 * What a user with this version of Node.js, such as `18.20.4`, must know; null if it can run the commands. These are the
 * versions of `engines`, in which CommonJS can load ES modules: `require('range-get')` and Fastify need that.
 */
export function unsupportedNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isSupported = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
  return isSupported ? null : `needs Node.js 20.19, 22.12 or later, and this is ${version}`
}
