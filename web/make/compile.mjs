// A dialect to the image that the core reads; loaded by pages only for a
// dialect of their own. Copied to build/web/core.
import { instance } from '#core/instance'
import { imageOf } from '#core/image'

async function load() {
  try {
    return await instance((await import('#core/loader-wasm')).default)
  } catch {
    return await import('#core/loader-js') // as for the core itself: core.ts
  }
}

/** Throws an Error with the place and the reason where the dialect is not good. */
export async function compile(dialect) {
  return imageOf(await load(), dialect)
}
