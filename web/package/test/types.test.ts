// The package and its rows, in strict TypeScript.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const web = fileURLToPath(new URL('../..', import.meta.url))

// Making the package checks it alone, without Node's types: web/make/package.mjs.
test('the package and its rows', async () => {
  const told = await run(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '-p', 'package/test'], { cwd: web })
    .catch((error: { stdout: string }) => error)
  expect(told.stdout).toBe('')
}, 120_000)
