// node vitest.mjs SUITE PART FILE...: rows of web/PART/test, reported as check.h's
// are: what failed and what was skipped by name, and one line for STAY_REPORT.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const [suite, part, ...files] = process.argv.slice(2)
const partFolder = join(root, 'web', part)
const isForbidden = process.env.STAY_NO_SKIP === '1'

/** Whatever a row can lack here; the rows themselves ask the same. */
const lacking = [
  [existsSync(process.env.STAYD ?? ''), 'stayd: STAYD names its program'],
  [existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium'), "Chromium: tools/setup test installs Debian's, CHROMIUM names another"]
].filter(([isThere]) => !isThere).map(([, what]) => what)

/** What vitest found, or undefined where it did not come to that. */
function found() {
  const folder = mkdtempSync(join(tmpdir(), 'stay-rows-'))
  const out = join(folder, 'rows.json')
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'web/node_modules/vitest/vitest.mjs'), 'run', ...files,
    '--root', partFolder, '--reporter', 'json', '--outputFile', out], { encoding: 'utf8', maxBuffer: 1 << 26, cwd: partFolder })
  const told = existsSync(out) ? JSON.parse(readFileSync(out, 'utf8')) : undefined
  rmSync(folder, { recursive: true, force: true })
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !line.startsWith('JSON report written'))
  if (lines.length > 0) console.log(lines.join('\n'))
  return told
}

function say(what, name, text) {
  console.log(`# ${what} row "${name}": ${text.trim().split('\n').slice(0, 30).join('\n#     ')}`)
}

const count = { passed: 0, failed: 0, skipped: 0 }

function take({ status, fullName, failureMessages }) {
  if (status === 'passed') {
    count.passed += 1
  } else if (status === 'failed' || isForbidden) {
    count.failed += 1
    say('FAILED', fullName, failureMessages?.join('\n') || 'skipped, and STAY_NO_SKIP=1 forbids it')
  } else {
    count.skipped += 1
    say('SKIPPED', fullName, `no ${lacking.join(', and no ') || 'reason was given'}`)
  }
}

const began = Date.now()
const told = found()
for (const file of told?.testResults ?? []) {
  file.assertionResults.forEach(take)
  // What fails outside of its rows: an import, a hook.
  if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) {
    take({ status: 'failed', fullName: relative(root, file.name), failureMessages: [file.message] })
  }
}
if (told === undefined || (!told.success && count.failed === 0)) take({ status: 'failed', fullName: suite, failureMessages: ['vitest ended without its rows'] })

const line = `${count.passed} ${count.failed} ${count.skipped} ${((Date.now() - began) / 1000).toFixed(1)}`
console.log(`# ${suite}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, ${((Date.now() - began) / 1000).toFixed(1)} s`)
if (process.env.STAY_REPORT) appendFileSync(process.env.STAY_REPORT, `${suite} ${line}\n`)
process.exit(count.failed > 0 || count.passed + count.skipped === 0 ? 1 : 0)
