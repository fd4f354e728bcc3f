// What a page loads of each: esbuild, minified, gzip. Whole clients of whole flows
// and axios's little helper stand beside ours, so these are orders of magnitude.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { libraries, library, row, stayPackage } from './parts.mjs'

const { build } = library('esbuild')

async function bundled(contents) {
  const { outputFiles: [file] } = await build({
    stdin: { contents, resolveDir: libraries }, bundle: true, minify: true, format: 'esm', target: 'es2019',
    charset: 'utf8', external: ['axios', './core-js.mjs', './dialects-all.mjs', './compile.mjs'], write: false, logLevel: 'error'
  })
  return gzipSync(file.contents, { level: 9 }).length
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
const chunk = (name) => gzipSync(readFileSync(join(stayPackage, 'dist', name)), { level: 9 }).length
const ours = await bundled(`export * from '${join(stayPackage, 'dist', 'index.mjs')}'`)

row('@stay/web with one dialect, gzip', kB(ours), '-', '-', 'at most 14 kB', `${ours} <= 14000`)
row('its chunk of plain JavaScript, gzip', kB(chunk('core-js.mjs')), '-', '-', 'at most 5 kB', `${chunk('core-js.mjs')} <= 5000`)
row('its chunk for a dialect of one’s own, gzip', kB(chunk('compile.mjs')), '-')
for (const [name, what] of [['axios-auth-refresh', 'export { default } from'], ['oidc-client-ts', 'export * from'],
  ['@supabase/auth-js', 'export * from'], ['@auth0/auth0-spa-js', 'export * from']]) {
  const peer = await bundled(`${what} '${name}'`)
  row(`@stay/web beside ${name}, gzip`, kB(ours), kB(peer), (ours / peer).toFixed(2))
}
