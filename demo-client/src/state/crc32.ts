// CRC-32 (the one of zlib) of two pieces put together, without reading either again.

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

/** x^(2^n) for n from 0 to 31; the exponents repeat with period 32. */
const SQUARES: readonly number[] = (() => {
  const squares: number[] = [TOP >>> 1]
  for (let n = 1; n < 32; n++) {
    const last = squares[n - 1] ?? 0
    squares.push(multiply(last, last))
  }
  return squares
})()

/** x^(8·bytes), the operator that shifts a CRC past that many zero bytes. */
function shift(bytes: number): number {
  let power = TOP
  for (let n = bytes, k = 3; n > 0; n = Math.floor(n / 2), k++) {
    if (n % 2 === 1) power = multiply(SQUARES[k % 32] ?? 0, power)
  }
  return power
}

/** The CRC-32 of A followed by B, from the CRC-32 of each and the length of B in bytes. */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(shift(secondLength), first) ^ second) >>> 0
}
