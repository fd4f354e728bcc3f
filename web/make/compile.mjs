// A dialect to the image that the core reads; loaded by pages only for a
// dialect of their own. Copied to build/web/core.
import { instance } from './instance.mjs'
import { imageOf } from './image.mjs'
import packed from '#core/loader-wasm'

/** Throws an Error with the place and the reason where the dialect is not good. */
export async function compile(dialect) {
  return imageOf(await instance(packed), dialect)
}
