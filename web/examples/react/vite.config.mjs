import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic' },
  // Within this repository; an app installs the tarball instead.
  resolve: { dedupe: ['react'], alias: [{ find: /^@stay\/web/, replacement: fileURLToPath(new URL('../../../build/web/package', import.meta.url)) }] }
})
