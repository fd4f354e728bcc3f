// A stayd of its own for a row: its program's path is in STAYD.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const program = process.env.STAYD ?? fileURLToPath(new URL('../../../build/stayd', import.meta.url))
export const missing = !existsSync(program)

if (missing) console.log(`no stayd at ${program}: rows against a real server are skipped; STAYD=PATH names one`)

export interface Stayd {
  url: string
  demo(what: 'expire' | 'faults', body?: object): Promise<void>
  /** What its metrics count, summed over labels that contain `label`. */
  count(name: string, label?: string): Promise<number>
  stop(): Promise<void>
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve)
    child.once('exit', (code) => reject(new Error(`stayd ended with ${code}`)))
  })
}

export async function startStayd(...more: string[]): Promise<Stayd> {
  const folder = mkdtempSync(join(tmpdir(), 'stay-web-'))
  const child = spawn(program, ['--listen', '127.0.0.1:0', '--database', `sqlite:${folder}/stay.db`, '--demo', ...more], { stdio: ['ignore', 'pipe', 'ignore'], cwd: folder })
  const line = await firstLine(child)
  const url = /http:\/\/\S+/.exec(line)![0]
  return {
    url,
    async demo(what, body = {}) {
      const response = await fetch(`${url}/demo/${what}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      if (!response.ok) throw new Error(`/demo/${what}: ${response.status} ${await response.text()}`)
    },
    async count(name, label = '') {
      const text = await (await fetch(`${url}/metrics`)).text()
      return text.split('\n').filter((row) => row.startsWith(`${name}{`) && row.includes(label))
        .reduce((sum, row) => sum + Number(row.split(' ').at(-1)), 0)
    },
    async stop() {
      const ended = new Promise((resolve) => { child.once('exit', resolve) })
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
