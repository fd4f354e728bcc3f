// Within this repository Vue 2 and its friends are installed beside Vue 3, under
// names of their own; an app that has only them needs no alias.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue2'
import { defineConfig } from 'vite'

const require = createRequire(import.meta.url)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  base: './',
  plugins: [vue({ compiler: require('vue-2/compiler-sfc') })],
  resolve: {
    alias: [
      { find: /^vue$/, replacement: here('../../node_modules/vue-2/dist/vue.runtime.esm.js') },
      { find: /^vuex$/, replacement: 'vuex-3' },
      { find: /^vue-router$/, replacement: 'vue-router-3' },
      { find: /^axios$/, replacement: 'axios-0.21' },
      { find: /^@stay\/web/, replacement: here('../../../build/web/package') }
    ]
  },
  build: { rollupOptions: { input: [here('index.html'), here('django.html')] } }
})
