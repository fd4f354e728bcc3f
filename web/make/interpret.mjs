// Runs the core where a page's policy forbids WebAssembly: the same bytes, each
// function turned into closures when it is first called. Copied to build/web/core.
//
// A closure takes the frame of its call: arguments, locals, and slots of our own.
// One for a value returns it. One for a statement returns where to go on: 0 behind
// it, n behind the n-th block around it (at the begin of that, if it is a loop).
//
// It knows what clang writes with the features of src/wasm/build.sh, and a memory
// that does not grow: numbers of 32 bits are signed, of 64 bits are BigInts. What it
// does not know is an error (test/wasm/instructions.mjs looks into our modules for
// such); it is for them alone, and checks nothing else.
import { ofOne, ofTwo, saturating } from './arithmetic.mjs'

const WIDE = 0x7e // i64, by the standard's number
const EMPTY = 0x40 // of a block without a value

// The kinds of DataView, from instruction 0x28 (loads) and 0x36 (stores) on; from
// the one marked on, they are parts of an i64.
const loads = ['Int32', 'BigInt64', 'Float32', 'Float64', 'Int8', 'Uint8', 'Int16', 'Uint16',
  'Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32']
const loadsWide = 8
const stores = ['Int32', 'BigInt64', 'Float32', 'Float64', 'Int8', 'Int16', 'Int8', 'Int16', 'Int32']
const storesWide = 6

// ---- Reading ----

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte() {
    return this.bytes[this.at++]
  }

  /** LEB128, not signed. */
  number() {
    const byte = this.byte()
    return byte < 128 ? byte : byte - 128 + 128 * this.number()
  }

  /** Signed, of 64 bits at most. */
  wide() {
    let value = BigInt(0)
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte()
      value |= BigInt(byte & 127) << BigInt(shift)
      if (byte < 128) return BigInt.asIntN(shift + 7, value)
    }
  }

  list(read) {
    return Array.from({ length: this.number() }, () => read())
  }

  skip(size) {
    this.at += size
    return this.at - size
  }
}

// ---- A function ----

/** A statement that is a value's doing alone. */
const alone = (value) => (f) => {
  value(f)
  return 0
}

const both = (work, a, b) => (f) => work(a(f), b(f))

const set = (slot, value) => (f) => {
  f[slot] = value(f)
  return 0
}

const inOrder = (list) => (f) => {
  for (let i = 0; i < list.length; i++) {
    const to = list[i](f)
    if (to !== 0) return to
  }
  return 0
}

/** Out of a block: one less to leave. */
const outward = (to) => (to === 0 ? 0 : to - 1)

const loop = (run) => (f) => {
  for (;;) {
    const to = run(f)
    if (to !== 1) return outward(to)
  }
}

class Body {
  constructor(module, { params, results }, at) {
    const reader = new Reader(module.bytes, at)
    reader.number() // its size
    const zero = (type) => (type === WIDE ? BigInt(0) : 0)
    this.module = module
    this.reader = reader
    this.frame = params.map(zero)
    reader.list(() => {
      const count = reader.number()
      const type = reader.byte()
      for (let i = 0; i < count; i++) this.frame.push(zero(type))
    })
    this.settled = new Set() // values that nothing changes any more
    this.targets = [] // of branches: the slot of their value, or -1
    this.stack = []
    this.slot = this.slotFor(results[0] || EMPTY)
    this.run = this.sequence(this.slot)
  }

  slotFor(type) {
    return type === EMPTY ? -1 : this.frame.push(0) - 1
  }

  fixed(value) {
    this.settled.add(value)
    return value
  }

  pop() {
    return this.stack.pop()
  }

  pops(count) {
    return this.stack.splice(this.stack.length - count)
  }

  /** What stands on the stack comes first: the statement may change it. */
  settle() {
    this.stack = this.stack.map((value) => {
      if (this.settled.has(value)) return value
      const slot = this.slotFor()
      this.list.push(set(slot, value))
      return this.fixed((f) => f[slot])
    })
  }

  emit(statement) {
    this.settle()
    this.list.push(statement)
  }

  /** Up to `end` or `else`, which is left in this.last. */
  sequence(slot, isLoop) {
    const { list, stack } = this
    this.list = []
    this.stack = []
    this.targets.push(isLoop ? -1 : slot)
    for (;;) {
      this.last = this.reader.byte()
      if (this.last === 0x0b || this.last === 0x05) break
      this.instruction(this.last)
    }
    if (slot >= 0 && this.stack.length > 0) this.emit(set(slot, this.pop()))
    const run = inOrder(this.list)
    this.targets.pop()
    this.list = list
    this.stack = stack
    return run
  }

  /** block, loop and if. */
  nest(op) {
    const slot = this.slotFor(this.reader.byte())
    const condition = op === 0x04 ? this.pop() : undefined
    this.settle()
    const run = this.sequence(slot, op === 0x03)
    if (op === 0x02) this.list.push((f) => outward(run(f)))
    else if (op === 0x03) this.list.push(loop(run))
    else this.list.push(this.either(condition, run, slot))
    if (slot >= 0) this.stack.push((f) => f[slot])
  }

  either(condition, yes, slot) {
    const no = this.last === 0x05 ? this.sequence(slot) : () => 0
    return (f) => outward(condition(f) === 0 ? no(f) : yes(f))
  }

  /** What a branch returns; its value, if it has one, is put where it is looked for. */
  target(depth) {
    const slot = this.targets[this.targets.length - 1 - depth]
    if (slot >= 0 && this.stack.length > 0) {
      this.emit(set(slot, this.pop()))
      this.stack.push((f) => f[slot])
    }
    return depth + 1
  }

  branch(op) {
    const { reader } = this
    if (op === 0x0e) {
      const index = this.pop()
      const to = [...reader.list(() => reader.number()), reader.number()].map((depth) => this.target(depth))
      this.emit((f) => to[Math.min(index(f) >>> 0, to.length - 1)])
      return
    }
    const condition = op === 0x0d ? this.pop() : undefined
    const to = this.target(op === 0x0f ? this.targets.length - 1 : reader.number())
    this.emit(condition ? (f) => (condition(f) === 0 ? 0 : to) : () => to)
  }

  call(op) {
    const { module, reader } = this
    const index = reader.number()
    if (op === 0x11) reader.byte()
    const type = op === 0x11 ? module.types[index] : module.typeOf(index)
    const which = op === 0x11 ? this.pop() : undefined
    const given = this.pops(type.params.length)
    const value = which
      ? (f) => module.call(module.table[which(f)], given, f)
      : (f) => module.call(index, given, f)
    if (type.results.length > 0) this.stack.push(value)
    else this.emit(alone(value))
  }

  variable(op) {
    const { globals } = this.module
    const index = this.reader.number()
    if (op === 0x20) this.stack.push((f) => f[index])
    else if (op === 0x21) this.emit(set(index, this.pop()))
    else if (op === 0x23) this.stack.push(() => globals[index])
    else {
      const value = this.pop()
      if (op === 0x22) this.stack.push((f) => (f[index] = value(f)))
      else this.emit((f) => {
        globals[index] = value(f)
        return 0
      })
    }
  }

  load(which) {
    this.reader.number() // how it is aligned
    const { view, memory } = this.module
    const offset = this.reader.number()
    const at = this.pop()
    const get = view[`get${loads[which]}`].bind(view)
    const value = which === 5 ? (f) => memory[(at(f) >>> 0) + offset] : which === 0 ? (f) => view.getInt32((at(f) >>> 0) + offset, true) : (f) => get((at(f) >>> 0) + offset, true)
    this.stack.push(which < loadsWide ? value : (f) => BigInt(value(f)))
  }

  store(which) {
    this.reader.number()
    const { view } = this.module
    const offset = this.reader.number()
    const value = this.pop()
    const at = this.pop()
    const put = view[`set${stores[which]}`].bind(view)
    const given = which < storesWide ? value : (f) => Number(BigInt.asIntN(32, value(f)))
    this.emit((f) => {
      put((at(f) >>> 0) + offset, given(f), true)
      return 0
    })
  }

  constant(op) {
    const { reader } = this
    let value
    if (op === 0x44) value = new DataView(reader.bytes.buffer, reader.skip(8)).getFloat64(0, true)
    else value = op === 0x41 ? Number(reader.wide()) : reader.wide()
    this.stack.push(this.fixed(() => value))
  }

  select() {
    const [a, b, condition] = this.pops(3)
    this.stack.push((f) => {
      const yes = a(f)
      const no = b(f)
      return condition(f) === 0 ? no : yes
    })
  }

  calculate(op) {
    const unary = ofOne.get(op)
    const work = unary || ofTwo.get(op)
    if (work === undefined) throw new RangeError(`instruction ${op}`)
    const b = this.pop()
    if (unary) this.stack.push((f) => work(b(f)))
    else this.stack.push(both(work, this.pop(), b))
  }

  /** memory.copy and memory.fill, and what cuts a number that is too large. */
  more() {
    const { reader } = this
    const { memory } = this.module
    const op = reader.number()
    if (op < 8) {
      const value = this.pop()
      const limits = saturating[op]
      this.stack.push((f) => limits(value(f)))
      return
    }
    reader.skip(op === 0x0a ? 2 : 1) // which memory
    const [to, from, size] = this.pops(3)
    this.emit((f) => {
      const at = to(f) >>> 0
      const what = from(f)
      const end = size(f) >>> 0
      if (op === 0x0a) memory.copyWithin(at, what >>> 0, (what >>> 0) + end)
      else memory.fill(what, at, at + end)
      return 0
    })
  }

  instruction(op) {
    if (op === 0xfc) this.more()
    else if (op > 0x44) this.calculate(op)
    else if (op > 0x40) this.constant(op)
    else if (op > 0x35) this.store(op - 0x36)
    else if (op > 0x27) this.load(op - 0x28)
    else if (op > 0x1f) this.variable(op)
    else if (op === 0x1b) this.select()
    else if (op === 0x1a) this.emit(alone(this.pop()))
    else if (op > 0x0f) this.call(op)
    else if (op > 0x0b) this.branch(op)
    else if (op > 0x01) this.nest(op)
    else if (op === 0) this.emit(() => { throw new RangeError('unreachable') })
  }
}

// ---- A module ----

const pageSize = 65536

export class Module {
  constructor(bytes) {
    this.bytes = bytes
    this.globals = []
    this.table = []
    this.exports = {}
    const reader = new Reader(bytes, 8) // behind the magic number and the version
    while (reader.at < bytes.length) {
      const read = sections[reader.byte()]
      const size = reader.number()
      const at = reader.skip(size)
      if (read) read(this, new Reader(bytes, at))
    }
  }

  typeOf(index) {
    return this.types[this.own[index]]
  }

  body(index) {
    const body = this.bodies[index]
    if (typeof body !== 'number') return body
    return (this.bodies[index] = new Body(this, this.typeOf(index), body))
  }

  /** Calls with values that are closures of the caller's frame. */
  call(index, given, f) {
    const body = this.body(index)
    const frame = body.frame.slice()
    for (let i = 0; i < given.length; i++) frame[i] = given[i](f)
    body.run(frame)
    return frame[body.slot]
  }
}

/** An expression of constants. */
function initial(reader) {
  reader.byte()
  const value = Number(reader.wide())
  reader.byte()
  return value
}

const sections = {
  1(module, reader) {
    const types = () => reader.list(() => reader.byte())
    module.types = reader.list(() => {
      reader.byte()
      return { params: types(), results: types() }
    })
  },
  3(module, reader) {
    module.own = reader.list(() => reader.number())
  },
  5(module, reader) {
    reader.skip(2) // there is one, and no limit
    module.memory = new Uint8Array(pageSize * reader.number())
    module.view = new DataView(module.memory.buffer)
  },
  6(module, reader) {
    module.globals = reader.list(() => {
      reader.skip(2) // its type, and whether it varies
      return initial(reader)
    })
  },
  7(module, reader) {
    reader.list(() => {
      const name = String.fromCharCode(...reader.list(() => reader.byte()))
      const kind = reader.byte()
      const index = reader.number()
      module.exports[name] = kind === 0
        ? (...given) => module.call(index, given.map((value) => () => value))
        : module.memory
    })
  },
  9(module, reader) {
    reader.list(() => {
      reader.byte()
      const at = initial(reader)
      reader.list(() => reader.number()).forEach((index, i) => { module.table[at + i] = index })
    })
  },
  10(module, reader) {
    module.bodies = reader.list(() => {
      const { at } = reader
      reader.skip(reader.number())
      return at
    })
  },
  11(module, reader) {
    reader.list(() => {
      reader.byte()
      const at = initial(reader)
      const size = reader.number()
      module.memory.set(module.bytes.subarray(reader.skip(size), reader.at), at)
    })
  }
}

/** The exports of a module: functions, and memory with its buffer. */
export function interpret(bytes) {
  return new Module(bytes).exports
}
