// The core's two modules as the package carries them: deflated, as base64. Copied
// to build/web/core, where the package's sources import it.

/** The exports of a packed module; fails where there is no WebAssembly for us. */
export async function instance(packed) {
  const deflated = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0))
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'))
  const bytes = await new Response(stream).arrayBuffer()
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
}
