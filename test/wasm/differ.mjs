// node differ.mjs NATIVE FOLDER [COUNT [EVERY]]: the same sequences of events through
// the native program and FOLDER/test.wasm, and of every so many one through the
// interpreter that pages without WebAssembly have: it takes fifty times as long. What
// differs is told by the first event that shows it.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { interpret } from '../../web/make/interpret.mjs'

const [native, folder, given, few] = process.argv.slice(2)
const count = Number(given ?? 100_000)
const every = Number(few ?? 1)
const steps = 24

const bytes = new Uint8Array(readFileSync(join(folder, 'test.wasm')))
const cores = [
  ['core.wasm', new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports, 1],
  ['the interpreter', interpret(bytes), every]
]

function hashes(length) {
  const text = execFileSync(native, [String(count), String(length)], { encoding: 'latin1', maxBuffer: 1 << 26 })
  return text.split('\n').map(Number)
}

/** The first of the steps after which the two no longer agree. */
function firstDifference(core, seed) {
  for (let step = 1; step <= steps; step++) {
    if (core.sequence(seed, step) >>> 0 !== hashes(step)[seed]) return `step ${step}, event ${core.sequence_event()}`
  }
  return 'only after others'
}

const expected = hashes(steps)
if (new Set(expected).size < count * 0.99) throw new Error('the sequences are too much alike')
let failed = 0
for (const [name, core, step] of cores) {
  if (core.sequences_begin() !== 0) throw new Error(`${name}: the dialects do not load`)
  const began = Date.now()
  let differences = 0
  let first = -1
  for (let seed = 0; seed < count; seed += step) {
    if (core.sequence(seed, steps) >>> 0 === expected[seed]) continue
    if (differences++ === 0) first = seed
  }
  console.log(`${differences === 0 ? 'ok' : 'not ok'} - ${name} decides as the native core in ${Math.ceil(count / step)} sequences of ${steps} events: ` +
    `${differences} differ (${Date.now() - began} ms)`)
  if (first >= 0) console.log(`# sequence ${first}: ${firstDifference(core, first)}`)
  failed += differences
}
process.exit(failed === 0 ? 0 : 1)
