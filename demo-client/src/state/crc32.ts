// The CRC-32 (as in zlib) of two pieces together, without reading either of them again.

const POLYNOMIAL = 0xedb88320
const TOP = 0x80000000

/** a(x) · b(x) modulo the CRC's polynomial, coefficients reflected. */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = TOP; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor
    factor = (factor & 1) !== 0 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1
  }
  return product >>> 0
}

/** x^(8·bytes), the operator that shifts a CRC past that many zero bytes. */
function shift(bytes: number): number {
  let power = TOP
  let square = TOP >>> 8
  for (let n = bytes; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}

/** The CRC-32 of A followed by B, from the CRC-32 of each and the length of B in bytes. */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(shift(secondLength), first) ^ second) >>> 0
}
