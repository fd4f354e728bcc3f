/// <reference types="vitest/config" />
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}

// A build in another folder says which.
const out = process.env.STAY_BUILD ?? here('../../build/web')

export default defineConfig({
  root: here('.'),
  plugins: [vue()],
  resolve: {
    alias: [
      { find: /^@stay\/web$/, replacement: here('../package/src/index.ts') },
      { find: /^@stay\/web\//, replacement: here('../package/src/') },
      { find: /^#core\//, replacement: `${out}/core/` },
      { find: /^@\//, replacement: here('src/') }
    ]
  },
  server: { fs: { allow: [here('../..')] } },
  build: {
    outDir: `${out}/app`,
    emptyOutDir: true,
    target: 'es2020',
    // The policy admits files of this origin only: nothing becomes a data: URL.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false }
  },
  test: { include: ['test/**/*.test.ts'], environment: 'node' }
})
