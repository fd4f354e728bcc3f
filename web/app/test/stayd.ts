// A stayd of a row's own, or of a worker's: a free port, a folder that goes with
// it. Its program's path is in $STAYD.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = process.env.STAYD ?? fileURLToPath(new URL('../../../build/stayd', import.meta.url))

interface Running {
  child: ChildProcess
  url: string
}

async function run(folder: string, listen: string, more: string[]): Promise<Running> {
  const child = spawn(program, ['--listen', listen, '--database', `sqlite:${folder}/stay.db`, '--demo', ...more], {
    cwd: folder, stdio: ['ignore', 'pipe', 'inherit']
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}`)))
  })
  return { child, url: /http:\/\/\S+/.exec(line)![0] }
}

export class Stayd {
  private constructor(readonly url: string, private readonly folder: string,
    private readonly more: string[], private child?: ChildProcess) {}

  static async start(...more: string[]): Promise<Stayd> {
    const folder = mkdtempSync(join(tmpdir(), 'stay-app-'))
    const options = ['--log-level', 'error', ...more]
    const { child, url } = await run(folder, '127.0.0.1:0', options)
    return new Stayd(url, folder, options, child)
  }

  /** The switches of --demo. */
  async demo(what: 'expire' | 'faults', body: object = {}): Promise<void> {
    const response = await fetch(`${this.url}/demo/${what}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`/demo/${what}: ${response.status} ${await response.text()}`)
  }

  /** Refreshes that it was asked for in that dialect, whatever came of them. */
  async refreshes(dialect = 'stay'): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text()
    return text.split('\n').filter((row) => row.startsWith('stay_refreshes_total{') && row.includes(`"${dialect}"`))
      .reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' '))), 0)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this
    if (child === undefined) return
    const ended = new Promise((resolve) => { child.once('exit', resolve) })
    child.kill(signal)
    await ended
    this.child = undefined
  }

  /** Again where it was, on the same database. */
  async again(): Promise<void> {
    this.child = (await run(this.folder, new URL(this.url).host, this.more)).child
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    rmSync(this.folder, { recursive: true, force: true })
  }
}
