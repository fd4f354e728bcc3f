// Images (image.mjs), read into a core's memory. Copied to build/web/core.
/** The first character that no string of JavaScript escapes. */
export const first = 35

const encoder = new TextEncoder()

function numberOf(char) {
  const code = char.codePointAt(0)
  return code - (code > 0xdfff ? 0x800 : 0) - first
}

/** Writes the texts from an address on; the address and length of each. */
function spansOf(texts, memory, from, end) {
  let at = from
  return texts.map((text) => {
    const { read, written } = encoder.encodeInto(text, memory.subarray(at, end))
    if (read !== text.length) throw new RangeError('dialect: too large')
    at += written
    return [at - written, written]
  })
}

/** Writes an image into `size` bytes of the memory at address `at`. */
export function readImage(image, memory, at, size) {
  const [numbers, ...texts] = image.split('\0')
  const [count, ...codes] = Array.from(numbers, numberOf) // count is of kind 0
  const spans = spansOf(texts, memory, at + count, at + size)
  const words = new Uint32Array(memory.buffer, at, count / 4)
  let i = 0
  let high = 0
  let address = at
  let next = 0
  for (const code of codes) {
    const kind = code & 3
    const n = code >> 2
    if (kind === 0) {
      words[i++] = n + high
      high = 0
    } else if (kind === 1) {
      address += 4 * (n & 1 ? -(n + 1) >> 1 : n >> 1)
      words[i++] = address
    } else if (kind === 2) {
      high = n << 16
    } else {
      words.set(spans[n === 0 ? next++ : n - 1], i)
      i += 2
    }
  }
}
