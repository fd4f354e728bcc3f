// Says of the rows what the suites written in C and shell say: who failed and
// what was seen, the counts, and a line for $STAY_REPORT.
import { appendFileSync } from 'node:fs'
import type { FullResult, Reporter, Suite, TestCase, TestResult } from '@playwright/test/reporter'

const name = 'web/browser'
const colours = /\x1b\[[0-9;]*m/g

function indent(text: string): string {
  return text.replace(colours, '').trimEnd().split('\n').map((line) => `#     ${line}`).join('\n')
}

class Rows implements Reporter {
  private readonly began = Date.now()
  private suite?: Suite

  onBegin(_config: unknown, suite: Suite): void {
    this.suite = suite
  }

  onError(error: { message?: string }): void {
    console.log(`# FAILED ${name}:\n${indent(error.message ?? 'for no reason that was told')}`)
  }

  onStdOut(text: string | Buffer): void {
    process.stdout.write(text)
  }

  onTestEnd(test: TestCase, { status, duration, errors }: TestResult): void {
    if (status === 'passed') {
      if (process.env.STAY_ROWS !== undefined) console.log(`  ${(duration / 1000).toFixed(1)} s  ${test.title}`)
      return
    }
    const said = errors.map((error) => [error.message, error.snippet].filter(Boolean).join('\n')).join('\n')
    console.log(`# FAILED row "${test.title}" (${status}):\n${indent(said)}`)
  }

  onEnd({ status }: FullResult): void {
    const ends = (this.suite?.allTests() ?? []).map((test) => test.outcome())
    const passed = ends.filter((end) => end === 'expected').length
    const seconds = ((Date.now() - this.began) / 1000).toFixed(1)
    // What broke outside of every row is a failure, too.
    const failed = Math.max(ends.length - passed, status === 'passed' ? 0 : 1)
    console.log(`# ${name}: ${passed} passed, ${failed} failed, 0 skipped, ${seconds} s`)
    if (process.env.STAY_REPORT !== undefined) {
      appendFileSync(process.env.STAY_REPORT, `${name} ${passed} ${failed} 0 ${seconds}\n`)
    }
  }

  printsToStdio(): boolean {
    return true
  }
}

export default Rows
