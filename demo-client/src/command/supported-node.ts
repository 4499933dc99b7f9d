// Which versions of Node.js can run the commands. Pure.

/**
 * What a user with this version of Node.js, such as `18.20.4`, must know; null if it can run the commands. The newest thing
 * that they need is `crc32()` of node:zlib, under Node 20 the regular expressions of a dependency.
 */
export function unsupportedNode(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isSupported = major > 22 || (major === 22 && minor >= 2) || (major === 20 && minor >= 19)
  return isSupported ? null : `needs Node.js 20.19, 22.2 or later, and this is ${version}`
}
