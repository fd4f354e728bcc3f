// node app.mjs OUT DEPFILE: the web app (OUT/app) and the package as one file
// (OUT/app/stay.js), then all of it as a C table for stayd: OUT/web_table.c and
// OUT/web_table.bin. Wants OUT/core (make/core.sh).
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build as bundle } from 'esbuild'

const web = join(dirname(fileURLToPath(import.meta.url)), '..')
const out = resolve(process.argv[2])
const app = join(out, 'app')
process.env.STAY_BUILD = out
const { build } = await import('vite')

/** Every file that went in: the build is made anew when one of them changes. */
const sources = new Set()

const noting = {
  name: 'noting',
  buildEnd() {
    for (const id of this.getModuleIds()) sources.add(id.split('?')[0])
  }
}

await build({ configFile: join(web, 'app', 'vite.config.ts'), logLevel: 'warn', plugins: [noting] })

// ---- /stay.js: a page without any tool imports it from here ----

const core = {
  name: 'core',
  setup({ onResolve }) {
    onResolve({ filter: /^#core\// }, ({ path }) => {
      const file = join(out, 'core', path.slice('#core/'.length))
      return { path: existsSync(`${file}.ts`) ? `${file}.ts` : `${file}.js` }
    })
  }
}

const { metafile } = await bundle({
  entryPoints: [join(web, 'package', 'src', 'index.ts')],
  outfile: join(app, 'stay.js'),
  absWorkingDir: out,
  bundle: true,
  format: 'esm',
  target: 'es2019',
  charset: 'utf8',
  minify: true,
  legalComments: 'none',
  plugins: [core],
  metafile: true,
  logLevel: 'warning'
})
for (const path of Object.keys(metafile.inputs)) sources.add(resolve(out, path))

// ---- The table ----

const types = {
  html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml', json: 'application/json', png: 'image/png', ico: 'image/x-icon', txt: 'text/plain; charset=utf-8'
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => entry.isDirectory()
    ? filesBelow(join(folder, entry.name))
    : [join(folder, entry.name)])
}

function brotli(bytes) {
  return brotliCompressSync(bytes, { params: {
    [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
}

const pieces = []
let size = 0

/** A C initialiser for the span; an empty one for what saves next to nothing. */
function span(bytes, plain) {
  if (bytes !== plain && bytes.length > plain.length * 0.95) return '{NULL, 0}'
  pieces.push(bytes)
  size += bytes.length
  return `{web_bytes + ${size - bytes.length}, ${bytes.length}}`
}

function row(path) {
  const plain = readFileSync(join(app, path))
  const type = types[path.slice(path.lastIndexOf('.') + 1)]
  if (type === undefined) throw new Error(`web/make/app.mjs: which type has ${path}?`)
  const tag = createHash('sha256').update(plain).digest('hex').slice(0, 32)
  const bodies = [plain, gzipSync(plain, { level: 9 }), brotli(plain)].map((bytes) => span(bytes, plain))
  return `    {"${path}", "${type}", "${tag}", ${path.startsWith('/assets/')},\n     {${bodies.join(', ')}}},`
}

const paths = filesBelow(app).map((file) => file.slice(app.length)).sort((a, b) => (a < b ? -1 : 1))
const rows = paths.map(row)
const bytes = join(out, 'web_table.bin')
writeFileSync(bytes, Buffer.concat(pieces))
writeFileSync(join(out, 'web_table.c'), `/* Made by web/make/app.mjs. */
#include "server/web.h"

__asm__(".pushsection .rodata\\n"
        ".hidden web_bytes\\n.globl web_bytes\\nweb_bytes:\\n"
        ".incbin \\"${bytes}\\"\\n"
        ".popsection\\n");
extern const char web_bytes[];

const struct web_file web_embedded[] = {
${rows.join('\n')}
};
const size_t web_embedded_count = ${rows.length};
`)

// A file that is added is imported by one that changes, or lies in a folder.
for (const path of ['app/index.html', 'app/vite.config.ts', 'app/public', 'make/app.mjs', 'package-lock.json']) {
  sources.add(join(web, path))
}
const inputs = [...sources].filter((path) => path.startsWith('/') && !path.includes('/node_modules/') &&
  !path.startsWith(out) && existsSync(path))
writeFileSync(process.argv[3], `web/web_table.c: ${inputs.map((path) => path.replaceAll(' ', '\\ ')).join(' ')}\n`)
