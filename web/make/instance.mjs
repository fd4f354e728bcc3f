// The core's modules as the package carries them: a string, one character a byte.
// Copied to build/web/core, where the package's sources import it.
import { first } from './read-image.mjs'

/** The exports of a module, whether or not there is a WebAssembly for us. */
export async function instance(packed) {
  const bytes = Uint8Array.from(packed, (char) => char.charCodeAt(0) - first)
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
  } catch {
    // The page's policy forbids it, or it is not there, or too old.
    return (await import('./interpret.mjs')).interpret(bytes)
  }
}
