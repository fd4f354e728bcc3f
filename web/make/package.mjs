// node package.mjs [TARBALL]: @stay/web as others install it. build/web/package/
// holds its files and TARBALL (build/stay-web-VERSION.tgz) the same packed.
// Wants build/web/core (make/core.mjs).
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const web = join(dirname(fileURLToPath(import.meta.url)), '..')
const root = join(web, '..')
const source = join(web, 'package')
const core = join(root, 'build', 'web', 'core')
const out = join(root, 'build', 'web', 'package')
const version = readFileSync(join(root, 'VERSION'), 'utf8').trim()
const tarball = resolve(process.argv[2] ?? join(root, 'build', `stay-web-${version}.tgz`))
const entries = ['index', 'vue', 'pinia', 'vuex', 'react']
/** Loaded only where they are wanted: what they are and their file. */
const chunks = {
  '#core/interpret': 'core-js',
  '#core/dialects/all': 'dialects-all',
  '#core/compile': 'compile'
}

/**
 * Chunks stay files of their own, and what an entry shares with another is taken
 * from there: there is one StayError, and one useStay.
 */
function parts(entry, extension) {
  const shared = [
    [/^\.\.?\/errors$/, 'index'],
    [/^\.\/vue$/, 'vue']
  ]
  return {
    name: 'parts',
    setup({ onResolve }) {
      onResolve({ filter: /^#core\// }, ({ path }) => {
        const chunk = chunks[path]
        if (chunk !== undefined && chunk !== entry) return { path: `./${chunk}${extension}`, external: true }
        const file = join(core, path.slice('#core/'.length))
        return { path: existsSync(`${file}.ts`) ? `${file}.ts` : `${file}.js` }
      })
      for (const [filter, owner] of entry === 'index' ? [] : shared) {
        onResolve({ filter }, ({ kind }) => kind === 'entry-point' || owner === entry
          ? undefined
          : { path: `./${owner}${extension}`, external: true })
      }
    }
  }
}

async function bundle(entry, file, format) {
  const extension = format === 'esm' ? '.mjs' : '.js'
  await build({
    entryPoints: [file],
    outfile: join(out, 'dist', entry + extension),
    bundle: true,
    format,
    target: 'es2019',
    // The packed modules: characters as they are, not six for one.
    charset: 'utf8',
    minify: true,
    legalComments: 'none',
    external: ['vue', 'pinia', 'vuex', 'react'],
    supported: { 'dynamic-import': format === 'esm' },
    plugins: [parts(entry, extension)],
    logLevel: 'warning'
  })
}

// ---- Types ----

function emitTypes(folder) {
  execFileSync(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '-p', source,
    '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', folder,
    '--rootDir', root], { stdio: 'inherit' })
  return join(folder, 'web', 'package', 'src')
}

/** The declarations that an entry's reach, by their file below `from`. */
function reached(from) {
  const files = new Map()
  const todo = entries.map((entry) => join(from, `${entry}.d.ts`))
  while (todo.length > 0) {
    const file = todo.pop()
    if (files.has(file)) continue
    const text = readFileSync(file, 'utf8')
    if (text.includes('#core')) throw new Error(`${relative(from, file)} shows people the core's insides`)
    files.set(file, text)
    for (const [, path] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)) todo.push(join(dirname(file), `${path}.d.ts`))
  }
  return files
}

function writeTypes() {
  const folder = mkdtempSync(join(root, 'build', 'types-'))
  try {
    const from = emitTypes(folder)
    for (const [file, text] of reached(from)) {
      const name = relative(from, file).replace(/\.d\.ts$/, '')
      const aimed = (extension) => text.replace(/((?:from |import\()['"])(\.[^'"]+)(['"])/g, `$1$2${extension}$3`)
      mkdirSync(dirname(join(out, 'dist', name)), { recursive: true })
      writeFileSync(join(out, 'dist', `${name}.d.mts`), aimed('.mjs'))
      writeFileSync(join(out, 'dist', `${name}.d.ts`), aimed('.js'))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// ---- Dialects, the manifest, what old resolvers want ----

function writeDialects() {
  const folder = join(out, 'dialects')
  mkdirSync(folder)
  for (const name of JSON.parse(readFileSync(join(core, 'dialects', 'names.json'), 'utf8'))) {
    const esm = readFileSync(join(core, 'dialects', `${name}.js`), 'utf8')
    writeFileSync(join(folder, `${name}.mjs`), esm)
    writeFileSync(join(folder, `${name}.js`), esm.replace(/^export default /, 'module.exports = '))
    writeFileSync(join(folder, `${name}.d.mts`), "import type { Dialect } from '../dist/api.mjs'\ndeclare const dialect: Dialect\nexport default dialect\n")
    writeFileSync(join(folder, `${name}.d.ts`), "import type { Dialect } from '../dist/api.js'\ndeclare const dialect: Dialect\nexport = dialect\n")
  }
}

/** webpack 4 and TypeScript's old resolution know folders and no `exports`. */
function writeFolder(entry) {
  mkdirSync(join(out, entry))
  const file = (extension) => `../dist/${entry}${extension}`
  const manifest = { main: file('.js'), module: file('.mjs'), types: file('.d.ts'), sideEffects: false }
  writeFileSync(join(out, entry, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function writeManifest() {
  const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'))
  manifest.version = version
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const file of ['README.md', 'LICENSE']) {
    const own = join(source, file)
    cpSync(existsSync(own) ? own : join(root, file), join(out, file))
  }
}

function pack() {
  const folder = mkdtempSync(join(root, 'build', 'pack-'))
  execFileSync('npm', ['pack', out, '--pack-destination', folder, '--silent'], { stdio: ['ignore', 'ignore', 'inherit'] })
  renameSync(join(folder, readdirSync(folder)[0]), tarball)
  rmSync(folder, { recursive: true })
}

rmSync(out, { recursive: true, force: true })
mkdirSync(join(out, 'dist'), { recursive: true })
for (const format of ['esm', 'cjs']) {
  for (const entry of entries) await bundle(entry, join(source, 'src', `${entry}.ts`), format)
  for (const [path, chunk] of Object.entries(chunks)) await bundle(chunk, path, format)
}
writeTypes()
writeDialects()
for (const entry of entries.slice(1)) writeFolder(entry)
writeManifest()
pack()
console.log(tarball)
