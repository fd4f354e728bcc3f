// Images: a dialect as dialect_load made it, wherever it is to stand.
//
// An image is one string: numbers, a character each, then texts, a NUL before each.
// The first number says how many 32-bit words the others make; right behind the
// words stand the texts. A number is 4n + kind, and kind says what comes next:
//   0: the word n
//   1: the address of words: 4 bytes times n on from the last one, at first from the
//      start, where n is 2m for m and 2m - 1 for -m
//   2: no word; n is the upper half of the next one
//   3: two words: address and length of the next text, or of text number n - 1
// So what is frequent takes one byte of UTF-8, and no lone surrogate is ever made.
// readImage in read-image.mjs reads them.
import { first } from './read-image.mjs'

const surrogates = 0xd800

function char(kind, n) {
  const code = 4 * n + kind + first
  return String.fromCodePoint(code < surrogates ? code : code + 0x800)
}

function charsOf(n) {
  return (n > 0xffff ? char(2, n >>> 16) : '') + char(0, n & 0xffff)
}

// The loader copies strings that JSON escapes, where nothing tells them from other
// words. So what is escaped travels as two characters that every string may have.
const escaped = '~"\\\n\r\t'

function hide(value) {
  if (typeof value === 'string') return value.replace(/[~"\\\n\r\t]/g, (c) => `~${escaped.indexOf(c)}`)
  if (Array.isArray(value)) return value.map(hide)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hide(key), hide(inner)]))
}

function show(text) {
  return text.replace(/~([0-5])/g, (_, i) => escaped[i])
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function load(c, place, dialect) {
  const bytes = encoder.encode(JSON.stringify(hide(dialect)))
  const memory = new Uint8Array(c.memory.buffer)
  if (bytes.length > c.text(1) - c.text(0)) throw new Error('dialect: larger than 192 KiB')
  memory.set(bytes, c.text(place))
  const error = c.compile(place, bytes.length)
  if (error !== 0) throw new Error(show(decoder.decode(memory.slice(error, memory.indexOf(0, error)))))
}

/** The same dialect in both places: the words that differ are addresses. */
class Places {
  constructor(c) {
    const { buffer } = c.memory
    this.at = c.dialect(0)
    this.distance = c.dialect(1) - this.at
    this.textDistance = c.text(1) - c.text(0)
    this.a = new Uint32Array(buffer, this.at, this.distance / 4)
    this.b = new Uint32Array(buffer, c.dialect(1), this.distance / 4)
    this.bytes = new Uint8Array(buffer)
    this.head = c.dialect_size() / 4
  }

  points(i) {
    const moved = this.b[i] - this.a[i]
    if (moved !== 0 && moved !== this.distance && moved !== this.textDistance) throw new Error(`dialect: word ${i} moved by ${moved}`)
    return moved === this.distance
  }

  /** A span begins here: an address, and a length behind it. */
  isSpan(i) {
    return this.b[i] - this.a[i] === this.textDistance
  }

  span(i) {
    return show(decoder.decode(this.bytes.slice(this.a[i], this.a[i] + this.a[i + 1])))
  }

  /** Where the words begin that struct dialect reaches; before are the JSON's tokens. */
  reached() {
    let least = this.distance
    for (let i = 0; i < this.a.length; i++) {
      if (this.points(i)) least = Math.min(least, this.a[i] - this.at)
    }
    return least / 4
  }
}

/** The image of a dialect; an Error says what is wrong with it. */
export function imageOf(c, dialect) {
  load(c, 0, dialect)
  load(c, 1, dialect)
  const places = new Places(c)
  const from = places.reached()
  let end = places.a.length
  while (end > from && places.a[end - 1] === 0) end--
  const words = []
  for (let i = 0; i < end; i = i + 1 === places.head ? from : i + 1) words.push(i)

  const texts = []
  const text = (span) => {
    const known = texts.indexOf(span)
    if (known < 0) texts.push(span)
    return char(3, known + 1)
  }
  // What is skipped lies before all that is pointed to.
  let last = 4 * (from - places.head)
  const address = (i) => {
    const step = (places.a[i] - places.at - last) / 4
    last += 4 * step
    return char(1, step < 0 ? -2 * step - 1 : 2 * step)
  }
  const numbers = words.map((i) => {
    if (places.points(i)) return address(i)
    if (places.isSpan(i)) return text(places.span(i))
    return i > 0 && places.isSpan(i - 1) ? '' : charsOf(places.a[i])
  })
  return [charsOf(words.length) + numbers.join(''), ...texts].join('\0')
}
