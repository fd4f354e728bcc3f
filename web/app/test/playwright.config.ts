// Rows in a real browser; test/web/browser.sh runs them. $CHROMIUM is another
// browser than Debian's; with STAY_ROWS=1 each row tells its time.
import { defineConfig } from '@playwright/test'
import { args, executablePath } from './chromium'

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../../build/web/browser',
  workers: 2,
  fullyParallel: true,
  // A machine with much else to do draws slowly. No single wait is longer than 30 s.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: './reporter.ts',
  use: {
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    launchOptions: { executablePath, args }
  },
  // The longest first: no worker ends long after the other.
  projects: [
    { name: 'long', grep: /@long/ },
    { name: 'rest', grepInvert: /@long/ }
  ]
})
