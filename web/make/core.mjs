// node core.mjs OUT: everything that the package's sources import as #core/...,
// from what the C build left in OUT: core.wasm, core.js, constants.ts.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const out = process.argv[2]
const wanted = ['sign_up', 'sign_in', 'sign_in_cookie', 'refresh', 'refresh_cookie',
  'sign_out', 'sign_out_cookie', 'me']

/**
 * Each byte a character: gzip sees the bytes as they are, which base64 would hide
 * from it (a quarter of the size).
 */
function pack(bytes) {
  let text = ''
  for (const byte of bytes) {
    const char = String.fromCharCode(byte)
    if (char === '\\' || char === '`' || char === '$') text += `\\${char}`
    else if (char === '\r') text += '\\r' // a template would make it \n
    else text += char
  }
  return `\`${text}\``
}

/** What a client needs of a dialect: a fifth of it. */
export function clientPart(dialect) {
  const part = { ...dialect }
  for (const name of ['$schema', 'mount', 'preflight', 'jwt', 'accepts', 'client_default']) delete part[name]
  part.messages = {}
  for (const name of wanted) {
    if (dialect.messages[name] !== undefined) part.messages[name] = dialect.messages[name]
  }
  return part
}

function write(name, text) {
  const path = join(out, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function isForClients(dialect) {
  return dialect.messages.refresh !== undefined
}

write('wasm.js', `export default ${pack(readFileSync(join(out, 'core.wasm')))}\n`)
write('wasm.d.ts', 'declare const packed: string\nexport default packed\n')

const dialects = {}
for (const file of readdirSync(join(root, 'dialects'))) {
  if (!file.endsWith('.json') || file === 'schema.json') continue
  const dialect = JSON.parse(readFileSync(join(root, 'dialects', file), 'utf8'))
  if (isForClients(dialect)) dialects[dialect.dialect] = clientPart(dialect)
}
for (const [name, dialect] of Object.entries(dialects)) {
  if (name === 'stay') {
    write('dialects/stay.js', `export default ${JSON.stringify(JSON.stringify(dialect))}\n`)
    write('dialects/stay.d.ts', 'declare const text: string\nexport default text\n')
  } else {
    write(`dialects/${name}.js`, `export default ${JSON.stringify(dialect)}\n`)
  }
}
write('dialects/all.js', `export default ${JSON.stringify(
  Object.fromEntries(Object.entries(dialects).map(([name, dialect]) => [name, JSON.stringify(dialect)])))}\n`)
write('dialects/all.d.ts', 'declare const dialects: Record<string, string>\nexport default dialects\n')
write('dialects/names.json', JSON.stringify(Object.keys(dialects).filter((name) => name !== 'stay')))
