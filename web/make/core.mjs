// node core.mjs OUT: everything that the package's sources import as #core/...,
// from what the C build left in OUT: core.wasm, loader.wasm, loader-moved.wasm,
// constants.ts.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientPart } from './client.mjs'
import { imageOf } from './image.mjs'
import { first } from './read-image.mjs'

const make = dirname(fileURLToPath(import.meta.url))
const root = join(make, '..', '..')
const out = process.argv[2]

function write(name, text, type) {
  const path = join(out, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.js`, text)
  if (type !== undefined) writeFileSync(`${path}.d.ts`, type)
}

function writeDefault(name, value, type) {
  write(name, `export default ${JSON.stringify(value)}\n`,
    type && `declare const value: ${type}\nexport default value\n`)
}

function instance(name) {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(join(out, name)))).exports
}

const loader = instance('loader.wasm')
const moved = instance('loader-moved.wasm')

/** What a client needs of a dialect; linked elsewhere, the module makes the same. */
function image(dialect) {
  const part = clientPart(loader, dialect)
  const made = imageOf(loader, part)
  if (made !== imageOf(moved, part)) throw new Error(`${dialect.dialect}: its image has addresses of the module`)
  return made
}

function dialectsForClients() {
  return readdirSync(join(root, 'dialects'))
    .filter((file) => file.endsWith('.json') && file !== 'schema.json')
    .map((file) => JSON.parse(readFileSync(join(root, 'dialects', file), 'utf8')))
    .filter((dialect) => dialect.messages.refresh !== undefined)
}

/** One character a byte: what packs the script for the wire packs it best as it is. */
const packed = (name) => Array.from(readFileSync(join(out, name)), (byte) => String.fromCharCode(byte + first)).join('')
writeDefault('wasm', packed('core.wasm'), 'string')
writeDefault('loader-wasm', packed('loader.wasm'))
// What runs in pages imports its neighbours under the names of what stands here.
for (const file of ['image', 'read-image', 'compile', 'instance', 'interpret', 'arithmetic']) {
  write(file, readFileSync(join(make, `${file}.mjs`), 'utf8').replace(/'\.\/([\w-]+)\.mjs'/g, "'#core/$1'"))
}
writeFileSync(join(out, 'compile.d.ts'), 'export function compile(dialect: unknown): Promise<string>\n')
writeFileSync(join(out, 'read-image.d.ts'), 'export function readImage(image: string, memory: Uint8Array, at: number, size: number): void\n')
writeFileSync(join(out, 'instance.d.ts'), 'export function instance(packed: string): Promise<WebAssembly.Exports>\n')

const images = Object.fromEntries(dialectsForClients().map((dialect) => [dialect.dialect, image(dialect)]))
const others = Object.keys(images).filter((name) => name !== 'stay')
writeDefault('dialects/stay', images.stay, 'string')
for (const name of others) writeDefault(`dialects/${name}`, { dialect: name, image: images[name] })
writeDefault('dialects/all', images, 'Record<string, string>')
writeFileSync(join(out, 'dialects', 'names.json'), JSON.stringify(others))
