// What the rows of this folder share. Each is run with two folders: where npm put
// the libraries that are compared (tools/node-packages), and @stay/web as built.
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

export const [libraries, stayPackage] = process.argv.slice(2).map((path) => resolve(path))
const require = createRequire(join(libraries, 'package.json'))

/** A library, by its CommonJS entry; its default where it has one. */
export function library(name) {
  return require(name)
}

export async function stay() {
  return import(pathToFileURL(join(stayPackage, 'dist', 'index.mjs')))
}

/** One line of the table: what, ours, a peer's, ratio, goal, and whether it is met. */
export function row(what, ours, peer, ratio = '-', goal = '-', met = '-') {
  console.log([what, ours, peer, ratio, goal, met].join('|'))
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

function json(status, body) {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
}

/** The dialect stay, as far as these rows need it: cheap, and in this process. */
export class Server {
  tokens = 0
  refreshes = 0
  current = ''
  refresh = undefined // answers instead, while it is there

  token() {
    this.current = `token-${this.tokens += 1}`
    return { access_token: this.current, token_type: 'Bearer', expires_in: 300 }
  }

  fetch = async (input, init = {}) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname === '/api/session/refresh') {
      this.refreshes += 1
      if (this.refresh !== undefined) return this.refresh()
      await new Promise((resolve) => { setTimeout(resolve, 20) })
      return json(200, { ...this.token(), generation: JSON.parse(init.body).generation + 1 })
    }
    return json(201, { ...this.token(), session: { id: 'c2Vzc2lvbi1pZC1vZi1pdA', label: null }, user: { id: 7, username: 'ada', email: 'a@b.c', roles: ['user'] } })
  }
}

export async function signedIn(server) {
  const { createStay } = await stay()
  const session = createStay({ baseURL: 'http://host.test', mode: 'storage', storage: 'memory', fetch: server.fetch })
  await session.signIn({ username: 'ada', password: 'lovelace' })
  return session
}
