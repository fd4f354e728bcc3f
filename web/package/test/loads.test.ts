// The package as it is packed, in whatever loads packages. It is made anew:
// `node web/make/package.mjs`.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { chromium } from '@playwright/test'
import type { Browser } from '@playwright/test'
import type TypeScript from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const web = fileURLToPath(new URL('../..', import.meta.url))
const browser = process.env.CHROMIUM ?? '/usr/bin/chromium'
const folder = mkdtempSync(join(tmpdir(), 'stay-loads-'))
const entries = ['', '/vue', '/pinia', '/vuex', '/react', '/dialects/express']
const peers = ['vue', '@vue', 'vue-router', 'pinia', 'react', 'vuex', 'axios']

const said = 'signed-out /api'
const body = 'const stay = createStay({ baseURL: "http://stay.test", mode: "storage", storage: "memory" });'
  + 'const told = stay.ready().then(({ state }) => { const { pathname } = new URL(stay.baseURL); stay.close(); return state + " " + pathname });'

beforeAll(async () => {
  const tarball = join(folder, 'stay-web.tgz')
  await run(process.execPath, [join(web, 'make/package.mjs'), tarball])
  mkdirSync(join(folder, 'node_modules/@stay/web'), { recursive: true })
  await run('tar', ['-xzf', tarball, '-C', join(folder, 'node_modules/@stay/web'), '--strip-components=1'])
  for (const peer of peers) symlinkSync(join(web, 'node_modules', peer), join(folder, 'node_modules', peer))
  writeFileSync(join(folder, 'package.json'), '{"private":true}')
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

async function node(path: string, ...more: string[]): Promise<string> {
  return (await run(process.execPath, [...more, path], { cwd: folder })).stdout.trim()
}

describe('Node', () => {
  test('import', async () => {
    expect(await node(file('a.mjs', `import { createStay } from '@stay/web'; ${body} console.log(await told)`))).toBe(said)
  })

  test('require', async () => {
    expect(await node(file('a.cjs', `const { createStay } = require('@stay/web'); ${body} told.then(console.log)`))).toBe(said)
  })

  test('where WebAssembly is forbidden, the plain JavaScript does it', async () => {
    // Node's own fetch wants compile() and instantiate(), so those are left.
    const without = "const no = () => { throw new Error('forbidden') }; Object.assign(WebAssembly, { Module: no, Instance: no });"
    expect(await node(file('b.mjs', `${without} const { createStay } = await import('@stay/web'); ${body} console.log(await told)`))).toBe(said)
    expect(await node(file('b.cjs', `${without} const { createStay } = require('@stay/web'); ${body} told.then(console.log)`))).toBe(said)
  })

  test('a worker thread', async () => {
    file('w.mjs', `import { parentPort } from 'node:worker_threads'; import { createStay } from '@stay/web'; ${body} parentPort.postMessage(await told)`)
    expect(await node(file('t.mjs', "import { Worker } from 'node:worker_threads'; new Worker(new URL('./w.mjs', import.meta.url)).on('message', console.log)"))).toBe(said)
  })

  describe('each entry', () => {
    /** What each one is, or why it is nothing: of all in one program. */
    let shapes: Record<string, string>[] = []

    beforeAll(async () => {
      const list = JSON.stringify(entries)
      const shape = 'const told = {}; const tell = (entry, m) => { told[entry] = typeof (m.default ?? m) };'
      const programs = [
        file('e.mjs', `${shape} for (const entry of ${list}) tell(entry, await import('@stay/web' + entry).catch(String)); console.log(JSON.stringify(told))`),
        file('e.cjs', `${shape} for (const entry of ${list}) try { tell(entry, require('@stay/web' + entry)) } catch (error) { tell(entry, String(error)) }; console.log(JSON.stringify(told))`)
      ]
      shapes = (await Promise.all(programs.map((path) => node(path)))).map((text) => JSON.parse(text) as Record<string, string>)
    })

    test.each(entries)('@stay/web%s, both ways', (entry) => {
      expect(shapes.map((shape) => shape[entry])).toEqual(['object', 'object'])
    })
  })

  test('where no page is, a session of a page’s own origin is refused in words', async () => {
    expect(await node(file('server.mjs', "import { createStay } from '@stay/web'\ntry { createStay({ baseURL: '/api' }) } catch ({ code, message }) { console.log(code, message) }\n")))
      .toBe("STAY_BAD_CONFIG createStay: baseURL: '/api' is no whole http or https address")
  })

  test('there is one StayError, whichever entry throws it', async () => {
    const text = "import { StayError } from '@stay/web'; import { useStay } from '@stay/web/vue'; import { shallowRef } from 'vue'; void shallowRef; try { useStay() } catch (e) { console.log(e instanceof StayError) }"
    expect(await node(file('o.mjs', text))).toContain('true')
  })
})

interface Built {
  files: string[]
  text: string
}

function built(out: string): Built {
  const files = readdirSync(out, { recursive: true }).map(String).filter((name) => name.endsWith('.js') || name.endsWith('.mjs'))
  return { files, text: files.map((name) => readFileSync(join(out, name), 'utf8')).join() }
}

describe('bundlers', () => {
  test('Vite: the plain core and the diagnosis are chunks of their own', async () => {
    const { build } = await import('vite')
    file('main.js', `import { createStay } from '@stay/web'; ${body} told.then((text) => { document.title = text })`)
    file('index.html', '<!doctype html><meta charset=utf-8><title>-</title><script type=module src=./main.js></script>')
    await build({ root: folder, logLevel: 'silent', base: './', build: { outDir: join(folder, 'vite'), target: 'es2020' } })
    expect(built(join(folder, 'vite')).files.length).toBeGreaterThanOrEqual(3)
  }, 120_000)

  test('webpack 5: likewise, and its result runs', async () => {
    const { default: webpack } = await import('webpack')
    const entry = file('pack.js', `import { createStay } from '@stay/web'; ${body} told.then(console.log)`)
    const stats = await new Promise<{ hasErrors(): boolean, hasWarnings(): boolean, toString(): string }>((resolve, reject) => {
      webpack({ mode: 'production', target: 'node', entry, context: folder, performance: false, output: { path: join(folder, 'pack'), filename: 'main.cjs', chunkFilename: '[id].cjs' } },
        (error, result) => error ? reject(error) : resolve(result!))
    })
    expect([stats.hasErrors(), stats.hasWarnings()], stats.toString()).toEqual([false, false])
    expect(await node(join(folder, 'pack/main.cjs'))).toBe(said)
  }, 120_000)

  test.each(['vue2', 'react'])('Vite makes web/examples/%s of it', async (name) => {
    const { build } = await import('vite')
    const example = join(web, 'examples', name)
    await build({ root: example, logLevel: 'silent', build: { outDir: join(folder, name), emptyOutDir: true } })
    expect(built(join(folder, name)).files.length).toBeGreaterThan(0)
  }, 120_000)

  test('who takes one function takes no framework along', async () => {
    const { build } = await import('esbuild')
    const { outputFiles } = await build({ stdin: { contents: "import { reasonText } from '@stay/web'; console.log(reasonText('expired'))", resolveDir: folder }, bundle: true, minify: true, write: false, format: 'esm', external: ['./core-js.mjs', './dialects-all.mjs'] })
    expect(outputFiles[0].text).not.toContain('vue')
  })
})

/** What a program of use.ts consists of, and what is wrong in it and in our declarations. */
function typesOf(ts: typeof TypeScript, how: TypeScript.CompilerOptions): { files: string[], found: string[] } {
  const options: TypeScript.CompilerOptions = { ...how, strict: true, noEmit: true, target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], esModuleInterop: true, types: [] }
  const program = ts.createProgram([join(folder, 'use.ts')], options)
  // axios's and Vue's are not ours to check, and the most of them.
  const ours = program.getSourceFiles().filter(({ fileName }) => fileName.includes('@stay/web') || fileName.endsWith('/use.ts'))
  const found = [program.getOptionsDiagnostics(), ...ours.flatMap((one) => [program.getSyntacticDiagnostics(one), program.getSemanticDiagnostics(one)])].flat()
  return { files: ours.map(({ fileName }) => fileName), found: found.map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`) }
}

describe('checks of others', () => {
  test('publint', async () => {
    const { publint } = await import('publint')
    const { messages } = await publint({ pkgDir: join(folder, 'node_modules/@stay/web'), level: 'suggestion', pack: false })
    expect(messages).toEqual([])
  })

  test('are the types wrong? no', async () => {
    const { stdout } = await run(process.execPath, [join(web, 'node_modules/@arethetypeswrong/cli/dist/index.js'), join(folder, 'stay-web.tgz'), '--format', 'json', '--no-definitely-typed'], { maxBuffer: 64 * 1024 * 1024 })
    const { problems } = JSON.parse(stdout) as { problems: object }
    expect(Object.values(problems).flat()).toEqual([])
  }, 120_000)

  test('a program in strict TypeScript, in each resolution', async () => {
    file('use.ts', "import { createStay, StayError } from '@stay/web'\nimport type { Stay, User } from '@stay/web'\nimport { stayGuard, useStay } from '@stay/web/vue'\nimport * as pinia from '@stay/web/pinia'\nimport * as react from '@stay/web/react'\nimport * as vuex from '@stay/web/vuex'\nimport express from '@stay/web/dialects/express'\nimport axios from 'axios'\nconst stay: Stay = createStay({ baseURL: '/api', dialect: express })\naxios.defaults.adapter = stay.adapter(axios)\nexport const user: User | null = useStay(stay).user.value\nexport { pinia, react, stayGuard, StayError, vuex }\n")
    const { default: ts } = await import('typescript')
    const { ESNext, Node16 } = ts.ModuleKind
    const { Bundler, Node16: nodes } = ts.ModuleResolutionKind
    // pinia's types are an ES module's: those of a CommonJS one may not name them.
    for (const how of [{ module: ESNext, moduleResolution: Bundler }, { module: Node16, moduleResolution: nodes, skipLibCheck: true }]) {
      const { files, found } = typesOf(ts, how)
      expect(found).toEqual([])
      expect(files.map((name) => /@stay\/web\/dist\/(\w+)\.d/.exec(name)?.[1])).toEqual(expect.arrayContaining(['api', 'index', 'vue', 'pinia', 'vuex', 'react']))
    }
  }, 120_000)
})

/** What the manual's examples take for granted. */
const given = `declare const router: import('vue-router').Router
declare const App: import('vue').Component
declare const axios: import('axios').AxiosStatic
declare const useStay: typeof import('@stay/web/vue').useStay
declare const createStay: typeof import('@stay/web').createStay
declare function defineNuxtPlugin(plugin: (nuxt: { vueApp: import('vue').App }) => void): unknown
`

test('the examples of the manual, in strict TypeScript', async () => {
  const manual = readFileSync(join(web, '../doc/web.md'), 'utf8')
  const blocks = [...manual.matchAll(/^```(?:js|ts)\n([^]*?)^```$/gm)].map(([, text]) => text)
  expect(blocks.length).toBeGreaterThan(5)
  const names = blocks.map((text, i) => text.includes("from 'axios'") ? 'stay.ts' : `manual-${i}.ts`)
  // Some call `stay` what others call so: each is a module of its own.
  blocks.forEach((text, i) => file(names[i], `${text}\nexport {}\n`))
  file('given.d.ts', `${given}${names.includes('stay.ts') ? "declare const stay: import('@stay/web').Stay\n" : ''}`)
  file('tsconfig.json', JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, module: 'ESNext', moduleResolution: 'Bundler', target: 'ES2022', lib: ['ES2022', 'DOM', 'DOM.Iterable'], skipLibCheck: true, types: [], paths: { vuex: ['./node_modules/vuex/types'] } },
    files: ['given.d.ts', ...names]
  }))
  const told = await run(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '-p', folder]).catch((error: { stdout: string }) => error)
  expect(told.stdout).toBe('')
}, 120_000)

test('nothing newer than ES2019 is in it', async () => {
  const { parse } = await import('acorn')
  const dist = join(folder, 'node_modules/@stay/web/dist')
  for (const name of readdirSync(dist).filter((name) => /\.m?js$/.test(name))) {
    const text = readFileSync(join(dist, name), 'utf8').replaceAll('import(', 'load(')
    expect(() => parse(text, { ecmaVersion: 2019, sourceType: name.endsWith('.mjs') ? 'module' : 'script' }), name).not.toThrow()
  }
})

test('it depends on nothing', () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'node_modules/@stay/web/package.json'), 'utf8')) as Record<string, unknown>
  expect(manifest.dependencies).toBeUndefined()
  expect(manifest.sideEffects).toBe(false)
  expect(manifest.version).toBe(readFileSync(join(web, '../VERSION'), 'utf8').trim())
})

test('its size is told', () => {
  const size = (name: string) => gzipSync(readFileSync(join(folder, 'node_modules/@stay/web/dist', name)), { level: 9 }).length
  console.log(`@stay/web: ${size('index.mjs')} bytes gzip; its plain core ${size('core-js.mjs')}`)
  expect(size('index.mjs')).toBeLessThan(35_000)
  expect(size('core-js.mjs')).toBeLessThan(5_000)
})

describe.skipIf(!existsSync(browser))('a browser', () => {
  let server: Server
  let launched: Browser
  let base = ''
  let policy = ''

  beforeAll(async () => {
    const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' }
    server = createServer((request, response) => {
      const path = join(folder, new URL(request.url!, 'http://x').pathname)
      if (!existsSync(path)) { response.writeHead(404).end(); return }
      response.writeHead(200, { 'Content-Type': types[extname(path)] ?? 'text/plain', ...(policy === '' ? {} : { 'Content-Security-Policy': policy }) })
      response.end(readFileSync(path))
    })
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    launched = await chromium.launch({ executablePath: browser, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
  }, 60_000)

  afterAll(async () => {
    await launched?.close()
    server.closeAllConnections()
    server.close()
  })

  async function titleOf(path: string): Promise<string> {
    // A context of its own each time: with no cache, no storage of another row.
    const context = await launched.newContext()
    try {
      const page = await context.newPage()
      await page.goto(base + path)
      await page.waitForFunction(() => document.title !== '-')
      return await page.title()
    } finally {
      await context.close()
    }
  }

  test('what Vite built', async () => {
    expect(await titleOf('/vite/index.html')).toBe(said)
  }, 120_000)

  test('under a policy that forbids WebAssembly', async () => {
    policy = "script-src 'self'"
    expect(await titleOf('/vite/index.html')).toBe(said)
    policy = ''
  }, 120_000)

  test('a worker', async () => {
    file('browser-worker.mjs', `import { createStay } from '/node_modules/@stay/web/dist/index.mjs'; ${body} told.then((text) => postMessage(text))`)
    file('worker.html', '<!doctype html><meta charset=utf-8><title>-</title><script type=module src=./start.js></script>')
    file('start.js', "new Worker('./browser-worker.mjs', { type: 'module' }).onmessage = ({ data }) => { document.title = data }")
    expect(await titleOf('/worker.html')).toBe(said)
  }, 120_000)
})
