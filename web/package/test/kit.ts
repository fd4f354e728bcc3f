// What the rows share: a server in a few lines, a clock, a page.
import { afterEach, vi } from 'vitest'
import type { Stay, StayOptions } from '../src/index'
import { createStay } from '../src/index'

export interface Call {
  method: string
  url: string
  path: string
  /** The token it showed, without 'Bearer '; or ''. */
  token: string
  headers: Headers
  body: string
  init: RequestInit
}

export type Answer = (call: Call) => Response | Promise<Response>

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })
}

export function html(status: number, headers: Record<string, string> = {}): Response {
  return new Response('<!doctype html><title>Sorry</title><h1>Sorry</h1>', { status, headers: { 'Content-Type': 'text/html', ...headers } })
}

let servers = 0

/** Speaks the dialect stay as far as a row needs it; each part can be replaced. */
export class Server {
  readonly origin = `http://h${servers += 1}-${Math.random().toString(36).slice(2)}.test`
  readonly calls: Call[] = []
  life = 300
  user: object = { id: 7, username: 'ada', email: 'ada@example.org', roles: ['user'] }
  private tokens = 0
  private generation = 0
  /** Answered one after the other before `granting` is. */
  readonly nextRefreshes: Answer[] = []

  current = ''

  granted(more: object = {}): Response {
    this.current = `token-${this.tokens += 1}`
    return json(this.tokens === 1 ? 201 : 200, { access_token: this.current, token_type: 'Bearer', expires_in: this.life, ...more })
  }

  signIn: Answer = () => this.granted({ session: { id: 'c2Vzc2lvbi1pZC1vZi1pdA', label: null }, user: this.user })

  refresh: Answer = (call) => {
    const { generation } = JSON.parse(call.body) as { generation: number }
    this.generation = generation + 1
    const answer = this.granted({ generation: this.generation })
    return new Response(answer.body, { status: 200, headers: answer.headers })
  }

  signOut: Answer = () => new Response(null, { status: 204 })

  resource: Answer = (call) => call.token !== '' && call.token === this.current
    ? json(200, { ok: true })
    : this.expired(call)

  expired(call: Call): Response {
    return call.token === ''
      ? json(401, { error: 'no_token', message: 'Who are you?' }, { 'WWW-Authenticate': 'Bearer' })
      : json(401, { error: 'expired_token', message: 'The token expired.' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' })
  }

  /** Tokens given out so far are answered as expired. */
  expire(): void {
    this.current = 'none'
  }

  count(path: string): number {
    return this.calls.filter((call) => call.path === path).length
  }

  get refreshes(): number {
    return this.count('/api/session/refresh')
  }

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(input as RequestInfo, init)
    const url = new URL(request.url)
    const call: Call = {
      method: request.method,
      url: request.url,
      path: url.pathname,
      token: (request.headers.get('Authorization') ?? '').replace('Bearer ', ''),
      headers: request.headers,
      body: await request.text(),
      init
    }
    request.signal.throwIfAborted()
    this.calls.push(call)
    return this.route(call)
  }

  private route(call: Call): Response | Promise<Response> {
    if (call.path === '/api/session/refresh') return (this.nextRefreshes.shift() ?? this.refresh)(call)
    if (call.path === '/api/session') return call.method === 'DELETE' ? this.signOut(call) : this.signIn(call)
    return this.resource(call)
  }
}

const open: Stay[] = []

export function stayFor(server: Server, more: Partial<StayOptions> = {}): Stay {
  const stay = createStay({ baseURL: server.origin, mode: 'storage', storage: 'memory', fetch: server.fetch, ...more })
  open.push(stay)
  return stay
}

/** Signed in, with a token of server.life seconds. */
export async function signedIn(server: Server, more: Partial<StayOptions> = {}): Promise<Stay> {
  const stay = stayFor(server, more)
  await stay.signIn({ username: 'ada', password: 'lovelace' })
  return stay
}

afterEach(() => {
  for (const stay of open.splice(0)) stay.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const realImmediate = setImmediate

/** One turn of everything that is not a timer. */
export function turn(): Promise<void> {
  return new Promise((resolve) => { realImmediate(resolve) })
}

/** Until it is so; never by sleeping. Some 5 s of turns at most. */
export async function until(what: () => boolean, label = 'what was waited for'): Promise<void> {
  const end = realNow() + 5000
  while (!what()) {
    if (realNow() > end) throw new Error(`${label} did not come`)
    await turn()
  }
}

const hrtime = process.hrtime.bigint

function realNow(): number {
  return Number(hrtime() / 1_000_000n)
}

/**
 * A few turns, for what must not happen. Hashes are made in threads, which a busy
 * machine lets wait: each turn goes behind those that are asked for.
 */
export async function quiet(): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await crypto.subtle.digest('SHA-256', new Uint8Array(1))
    await turn()
  }
}

/** The clock stands; `advance` moves it. */
export function fakeClock(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
}

export async function advance(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await quiet()
}

/** Until it is so, while the clock goes on: a tenth of a second each thirty turns. */
export async function passing(what: () => boolean, label = 'what was waited for'): Promise<void> {
  const end = realNow() + 5000
  while (!what()) {
    if (realNow() > end) throw new Error(`${label} did not come`)
    await advance(100)
  }
}

/** As much of a page as the session looks at. */
export class Page extends EventTarget {
  visibilityState: 'visible' | 'hidden' = 'visible'
  readonly window = new EventTarget()
  listeners = 0
  readonly navigator: { onLine: boolean, locks?: unknown } = { onLine: true }

  constructor() {
    super()
    vi.stubGlobal('document', this)
    vi.stubGlobal('navigator', this.navigator)
    for (const target of [this, this.window]) this.countListeners(target)
    vi.stubGlobal('addEventListener', this.window.addEventListener.bind(this.window))
    vi.stubGlobal('removeEventListener', this.window.removeEventListener.bind(this.window))
  }

  private countListeners(target: EventTarget): void {
    const { addEventListener: add, removeEventListener: remove } = target
    target.addEventListener = (...how: Parameters<typeof add>) => { this.listeners += 1; add.apply(target, how) }
    target.removeEventListener = (...how: Parameters<typeof remove>) => { this.listeners -= 1; remove.apply(target, how) }
  }

  show(visible: boolean): void {
    this.visibilityState = visible ? 'visible' : 'hidden'
    this.dispatchEvent(new Event('visibilitychange'))
  }

  network(there: boolean): void {
    this.navigator.onLine = there
    this.window.dispatchEvent(new Event(there ? 'online' : 'offline'))
  }
}

export interface Refusal {
  code: string
  reason: string
  message: string
  status?: number
}

/** What a promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<Refusal> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return error as Refusal
  }
  throw new Error(`it was not refused, but gave ${JSON.stringify(value)}`)
}
