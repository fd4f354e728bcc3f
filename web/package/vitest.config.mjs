// Unit rows of @stay/web: `npx vitest run --root web/package`. Those against a
// real server want its path in STAYD, and say so where there is none.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const core = fileURLToPath(new URL('../../build/web/core', import.meta.url))

export default defineConfig({
  resolve: { alias: [{ find: /^#core/, replacement: core }] },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    setupFiles: ['test/setup.ts'],
    testTimeout: 20_000,
    // One after the other: the machine may have one core.
    fileParallelism: false
  }
})
