// The refresh endpoint answers 503, 429 or a page with 403, and later works again:
// who is still signed in? Time is made to pass quickly, so that a library's own
// pauses and repeats are had, and cost nothing.
import { library, row, Server, signedIn } from './parts.mjs'

const hour = 3_600_000
let ahead = 0
const realNow = Date.now
const realTimer = setTimeout
const RealDate = Date

/** A wait takes 5 ms and a 200th, in that order, and moves the clock by its length. */
function letTimePass() {
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length > 0 ? given : [realNow() + ahead]))
    }

    static now() {
      return realNow() + ahead
    }
  }
  globalThis.setTimeout = (callback, ms = 0, ...given) => {
    const until = Date.now() + Number(ms)
    return realTimer(() => {
      ahead = Math.max(ahead, until - realNow())
      callback(...given)
    }, Math.min(Number(ms), 5 + Number(ms) / 200))
  }
}

const broken = {
  503: () => new Response('{"error":"unavailable","message":"Later."}', { status: 503, headers: { 'Content-Type': 'application/json' } }),
  429: () => new Response('{"error":"throttled","message":"Later."}', { status: 429, headers: { 'Content-Type': 'application/json' } }),
  '403 as a page': () => new Response('<!doctype html><h1>Forbidden</h1>', { status: 403, headers: { 'Content-Type': 'text/html' } })
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims) => `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}.${'a'.repeat(43)}`
const ok = (body) => new Response(JSON.stringify(body), { status: 200, headers: { 'Content-Type': 'application/json' } })
const seconds = () => Math.floor(Date.now() / 1000)

class Memory {
  items = new Map()
  getItem(key) { return this.items.get(key) ?? null }
  setItem(key, value) { this.items.set(key, value) }
  removeItem(key) { this.items.delete(key) }
}

/** True: a token comes once the endpoint works again, and nobody signs in anew. */
const survives = {
  async stay(answer) {
    const server = new Server()
    const session = await signedIn(server)
    server.refresh = answer
    for (let i = 0; i < 3; i++) {
      ahead += 2 * hour
      await session.token().catch(() => {})
    }
    server.refresh = undefined
    ahead += 2 * hour
    return session.token().then(() => true, () => false)
  },

  async supabase(answer) {
    const { GoTrueClient } = library('@supabase/auth-js')
    const storage = new Memory()
    let works = false
    const user = { id: 'u', aud: 'authenticated', email: 'a@b.c' }
    const granted = () => ({ access_token: jwt({ sub: 'u', exp: seconds() + 3600 }), token_type: 'bearer', expires_in: 3600, expires_at: seconds() + 3600, refresh_token: 'next', user })
    storage.setItem('session', JSON.stringify({ ...granted(), refresh_token: 'first', expires_at: seconds() - 60 }))
    const client = new GoTrueClient({
      url: 'http://host.test', storageKey: 'session', storage, persistSession: true, autoRefreshToken: false,
      detectSessionInUrl: false, fetch: async () => works ? ok(granted()) : answer()
    })
    for (let i = 0; i < 3; i++) {
      ahead += 2 * hour
      await client.getSession().catch(() => {})
    }
    works = true
    ahead += 2 * hour
    const { data } = await client.getSession()
    return data.session !== null
  },

  async auth0(answer) {
    const { Auth0Client } = library('@auth0/auth0-spa-js')
    let works = true
    let nonce = ''
    globalThis.fetch = async () => works
      ? ok({ access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 300, scope: 'openid profile email offline_access',
          id_token: jwt({ iss: 'https://host.test/', aud: 'client', sub: 'u', nonce, iat: seconds(), exp: seconds() + 3600 }) })
      : answer()
    const client = new Auth0Client({ domain: 'host.test', clientId: 'client', useRefreshTokens: true, cacheLocation: 'localstorage' })
    // The page that signs in and comes back with a code.
    let url
    await client.loginWithRedirect({ openUrl: (to) => { url = new URL(to) } })
    nonce = url.searchParams.get('nonce')
    await client.handleRedirectCallback(`http://localhost/?code=c&state=${encodeURIComponent(url.searchParams.get('state'))}`)
    works = false
    for (let i = 0; i < 3; i++) {
      ahead += 2 * hour
      await client.getTokenSilently().catch(() => {})
    }
    works = true
    nonce = undefined
    ahead += 2 * hour
    return client.getTokenSilently().then(() => true, () => false)
  }
}

/** As much of a browser as auth0-spa-js looks for. */
function asBrowser() {
  const storage = new Memory()
  const listen = { addEventListener() {}, removeEventListener() {} }
  Object.assign(globalThis, listen)
  globalThis.window = globalThis
  globalThis.self = globalThis
  globalThis.location = new URL('http://localhost/')
  globalThis.document = { cookie: '', createElement: () => ({}), ...listen }
  globalThis.localStorage = globalThis.sessionStorage = new Proxy(storage, {
    ownKeys: () => [...storage.items.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
    get: (target, key) => typeof target[key] === 'function' ? target[key].bind(target) : target[key]
  })
}

const told = (isSignedIn) => isSignedIn ? 'signed in' : 'signed out'
console.warn = console.error = () => {}
letTimePass()
const seen = {}
for (const name of ['stay', 'supabase', 'auth0']) {
  if (name === 'auth0') asBrowser()
  for (const [status, answer] of Object.entries(broken)) seen[`${name} ${status}`] = await survives[name](answer)
}
for (const [peer, name] of [['supabase', '@supabase/auth-js'], ['auth0', '@auth0/auth0-spa-js']]) {
  for (const status of Object.keys(broken)) {
    const ours = seen[`stay ${status}`]
    row(`after ${status} from the refresh endpoint, beside ${name}`, told(ours), told(seen[`${peer} ${status}`]), '-', 'signed in', ours ? '1' : '0')
  }
}
process.exit()
