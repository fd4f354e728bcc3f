// What instructions of WebAssembly make of one number or two, by the instruction's
// number, for interpret.mjs: numbers of 32 bits are signed, of 64 bits are BigInts.
// Copied to build/web/core.

const bits = BigInt(63)
const wide = (n) => BigInt.asIntN(64, n)
const wideUnsigned = (n) => BigInt.asUintN(64, n)
const unsigned = (n) => n >>> 0
const one = (is) => (is ? 1 : 0)

function comparisons(positive) {
  return [
    (a, b) => one(a === b), (a, b) => one(a !== b),
    (a, b) => one(a < b), (a, b) => one(positive(a) < positive(b)),
    (a, b) => one(a > b), (a, b) => one(positive(a) > positive(b)),
    (a, b) => one(a <= b), (a, b) => one(positive(a) <= positive(b)),
    (a, b) => one(a >= b), (a, b) => one(positive(a) >= positive(b))
  ]
}

function divided(by) {
  if (by) return by
  throw new RangeError('division by zero')
}

/** From two numbers to one, and from one. */
export const ofTwo = new Map()
export const ofOne = new Map([
  [0x45, (a) => one(a === 0)], // i32.eqz
  [0x50, (a) => one(!a)], // i64.eqz
  [0x67, Math.clz32],
  [0x68, (a) => (a === 0 ? 32 : 31 - Math.clz32(a & -a))], // i32.ctz
  [0x99, Math.abs],
  [0x9a, (a) => -a],
  [0xa7, (a) => Number(BigInt.asIntN(32, a))],
  [0xac, BigInt],
  [0xad, (a) => BigInt(a >>> 0)],
  [0xb7, (a) => a],
  [0xb8, unsigned],
  [0xb9, Number],
  [0xba, (a) => Number(wideUnsigned(a))],
  [0xc0, (a) => a << 24 >> 24],
  [0xc1, (a) => a << 16 >> 16],
  [0xc2, (a) => BigInt.asIntN(8, a)],
  [0xc3, (a) => BigInt.asIntN(16, a)],
  [0xc4, (a) => BigInt.asIntN(32, a)],
  [0xbd, (a) => new BigInt64Array(new Float64Array([a]).buffer)[0]]
])

function from(first, list) {
  list.forEach((work, i) => ofTwo.set(first + i, work))
}

from(0x46, comparisons(unsigned)) // i32
from(0x51, comparisons(wideUnsigned)) // i64
from(0x61, comparisons((a) => a).filter((_, i) => i < 2 || i % 2 === 0)) // f64
from(0x6a, [
  (a, b) => a + b | 0, (a, b) => a - b | 0, Math.imul,
  (a, b) => a / divided(b) | 0, (a, b) => unsigned(a) / unsigned(divided(b)) | 0,
  (a, b) => a % divided(b) | 0, (a, b) => unsigned(a) % unsigned(divided(b)) | 0,
  (a, b) => a & b, (a, b) => a | b, (a, b) => a ^ b,
  (a, b) => a << b, (a, b) => a >> b, (a, b) => a >>> b | 0,
  (a, b) => a << b | a >>> -b, (a, b) => a >>> b | a << -b
])
from(0x7c, [
  (a, b) => wide(a + b), (a, b) => wide(a - b), (a, b) => wide(a * b),
  (a, b) => wide(a / b), (a, b) => wide(wideUnsigned(a) / wideUnsigned(b)),
  (a, b) => a % b, (a, b) => wide(wideUnsigned(a) % wideUnsigned(b)),
  (a, b) => a & b, (a, b) => a | b, (a, b) => a ^ b,
  (a, b) => wide(a << (b & bits)), (a, b) => a >> (b & bits), (a, b) => wide(wideUnsigned(a) >> (b & bits)),
  (a, b) => wide(a << (b & bits) | wideUnsigned(a) >> (-b & bits)),
  (a, b) => wide(wideUnsigned(a) >> (b & bits) | a << (-b & bits))
])
from(0xa0, [(a, b) => a + b, (a, b) => a - b, (a, b) => a * b, (a, b) => a / b])

/** Truncates; what is outside of the range becomes its nearest end. */
function truncated(least, limit, number) {
  const most = number(limit) - number(1)
  return (a) => {
    if (Number.isNaN(a)) return number(0)
    if (a >= limit) return most
    return number(Math.trunc(Math.max(a, least)) + 0) // there is no -0
  }
}

const toInt = truncated(-(2 ** 31), 2 ** 31, Number)
const toUnsigned = truncated(0, 2 ** 32, Number)
const toWide = truncated(-(2 ** 63), 2 ** 63, BigInt)
const toWideUnsigned = truncated(0, 2 ** 64, BigInt)
/** Behind the prefix 0xfc, by its second number. */
export const saturating = [
  (a) => toInt(a), (a) => toUnsigned(a) | 0, toInt, (a) => toUnsigned(a) | 0,
  toWide, (a) => wide(toWideUnsigned(a)), toWide, (a) => wide(toWideUnsigned(a))
]
