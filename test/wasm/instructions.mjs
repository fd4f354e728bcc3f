// node instructions.mjs MODULE...: what the interpreter (web/make/interpret.mjs)
// makes of every instruction it knows is what WebAssembly makes of it, for numbers
// at all limits; and it knows every instruction of the modules.
import { readFileSync } from 'node:fs'
import { interpret, Module } from '../../web/make/interpret.mjs'

const [I32, I64, F64] = [0x7f, 0x7e, 0x7c]

const narrow = [0, 1, 2, 7, 31, 32, 33, 127, 128, 255, 256, 32767, 32768, 65535, 2 ** 31 - 1, 0x12345678]
const small = narrow.flatMap((n) => [n, -n]).concat(-(2 ** 31))
const large = [2n ** 31n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, 63n, 64n, 65n, 0x123456789abcdefn]
const numbers = {
  [I32]: small.map((n) => n | 0),
  [I64]: small.map((n) => BigInt(n)).concat(large.flatMap((n) => [n, -n]), -(2n ** 63n)),
  [F64]: small.concat([0.5, 1.5, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 2 ** 63 - 1024, 2 ** 63, 2 ** 64 - 2048, 2 ** 64, 1e300, Infinity, NaN].flatMap((n) => [n, -n]))
}

/** Instructions from a number to another, what they take and what they leave. */
const plain = [
  [0x45, 0x45, [I32], I32], [0x46, 0x4f, [I32, I32], I32],
  [0x50, 0x50, [I64], I32], [0x51, 0x5a, [I64, I64], I32], [0x61, 0x66, [F64, F64], I32],
  [0x67, 0x68, [I32], I32], [0x6a, 0x78, [I32, I32], I32], [0x7c, 0x8a, [I64, I64], I64],
  [0x99, 0x9a, [F64], F64], [0xa0, 0xa3, [F64, F64], F64],
  [0xa7, 0xa7, [I64], I32], [0xac, 0xad, [I32], I64], [0xb7, 0xb8, [I32], F64], [0xb9, 0xba, [I64], F64],
  [0xbd, 0xbd, [F64], I64], [0xc0, 0xc1, [I32], I32], [0xc2, 0xc4, [I64], I64]
]
const cutting = [[2, 3, [F64], I32], [6, 7, [F64], I64]]
/** At an address, with an offset: what is loaded of what was stored. */
const loads = [[0x28, 0x28, I32], [0x29, 0x29, I64], [0x2b, 0x2b, F64], [0x2c, 0x2f, I32], [0x30, 0x35, I64]]
const stores = [[0x36, 0x36, I32], [0x37, 0x37, I64], [0x39, 0x39, F64], [0x3a, 0x3b, I32], [0x3c, 0x3e, I64]]

const sized = (bytes) => [bytes.length, ...bytes]
const section = (number, bytes) => [number, ...sized(bytes)]

/** A module of one function, `run`, over one page of memory. */
function moduleOf(takes, leaves, code) {
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, ...sized(takes), ...sized(leaves)]),
    ...section(3, [1, 0]), ...section(5, [1, 0, 1]),
    ...section(7, [2, 3, ...Buffer.from('run'), 0, 0, 6, ...Buffer.from('memory'), 2, 0]),
    ...section(10, [1, ...sized([0, ...code, 0x0b])])])
}

function outcome(work) {
  try {
    return work()
  } catch {
    return 'trap'
  }
}

/** Both at the same; the first difference, in words. */
function compare(name, bytes, given) {
  const real = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
  const ours = interpret(bytes)
  const memories = [real, ours].map(({ memory }) => Buffer.from(memory.buffer))
  for (const memory of memories) memory.forEach((_, i) => { memory[i] = i * 37 })
  for (const numbers of given) {
    // The C language leaves it open, and no processor agrees with another.
    if (name === '6d' && numbers[1] === -1 || name === '7f' && numbers[1] === -1n) continue
    const [expected, found] = [real, ours].map(({ run }) => outcome(() => run(...numbers)))
    if (!Object.is(expected, found)) return `${name} of ${numbers}: ${String(found)}, not ${String(expected)}`
    if (!memories[0].equals(memories[1])) return `${name} of ${numbers}: another memory`
  }
  return undefined
}

function combined([first, second]) {
  return second === undefined ? numbers[first].map((a) => [a]) : numbers[first].flatMap((a) => numbers[second].map((b) => [a, b]))
}

const addresses = [0, 1, 7, 4096, 65536 - 16]
const gets = (count) => Array.from({ length: count }, (_, i) => [0x20, i]).flat()

function* cases() {
  for (const [prefix, list] of [[[], plain], [[0xfc], cutting]]) {
    for (const [from, to, takes, leaves] of list) {
      for (let op = from; op <= to; op++) yield [op.toString(16), moduleOf(takes, [leaves], [...gets(takes.length), ...prefix, op]), combined(takes)]
    }
  }
  for (const [from, to, leaves] of loads) {
    for (let op = from; op <= to; op++) yield [op.toString(16), moduleOf([I32], [leaves], [0x20, 0, op, 0, 5]), addresses.map((at) => [at])]
  }
  for (const [from, to, takes] of stores) {
    for (let op = from; op <= to; op++) {
      yield [op.toString(16), moduleOf([I32, takes], [], [...gets(2), op, 0, 5]), addresses.flatMap((at) => numbers[takes].map((value) => [at, value]))]
    }
  }
  const spans = [[0, 100, 50], [90, 100, 50], [100, 90, 50], [0, 0, 0], [65536 - 10, 3, 10]]
  yield ['memory.copy', moduleOf([I32, I32, I32], [], [...gets(3), 0xfc, 0x0a, 0, 0]), spans]
  yield ['memory.fill', moduleOf([I32, I32, I32], [], [...gets(3), 0xfc, 0x0b, 0]), spans]
}

let count = 0
let failed = 0
for (const [name, bytes, given] of cases()) {
  const difference = compare(name, bytes, given)
  count += 1
  if (difference === undefined) continue
  failed += 1
  console.log(`# ${difference}`)
}
console.log(`${failed === 0 ? 'ok' : 'not ok'} - ${count} instructions do what they do in WebAssembly`)
for (const path of process.argv.slice(2)) {
  const module = new Module(new Uint8Array(readFileSync(path)))
  module.bodies.forEach((_, i) => module.body(i)) // throws at what it does not know
  console.log(`ok - all ${module.bodies.length} functions of ${path.split('/').pop()} are understood`)
}
process.exit(failed === 0 ? 0 : 1)
