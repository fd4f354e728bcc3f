// Cookie mode against a real stayd: a browser that lost its storage, or a tab in the
// middle of a sign-in, and still has the cookie.
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Stay } from '../src/index'
import { createStay } from '../src/index'
import { Page, quiet, refusal, until } from './kit'
import type { Stayd } from './stayd'
import { missing, startStayd } from './stayd'
import { Locks, Memory } from './storage'

let stayd: Stayd
const open: Stay[] = []

beforeAll(async () => { if (!missing) stayd = await startStayd() })
afterAll(async () => { await stayd?.stop() })
afterEach(() => {
  for (const stay of open.splice(0)) stay.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** One browser: its cookie, which no tab of it sees, and what its tabs send. */
class Browser {
  cookie = ''
  readonly sent: { method: string, path: string, body: string, status: number }[] = []
  /** Not reached, and nothing heard of it. */
  away = false
  /** What the next answer to such a request meets before the tab has it. */
  dies?: string

  readonly fetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    if (this.away) throw new TypeError('away')
    const { pathname: path, origin } = new URL(String(input instanceof Request ? input.url : input))
    const headers = new Headers(input instanceof Request ? input.headers : init.headers)
    if (this.cookie !== '') headers.set('Cookie', this.cookie)
    headers.set('Origin', origin)
    const response = await fetch(input as RequestInfo, { ...init, headers })
    const [set] = response.headers.getSetCookie?.() ?? [response.headers.get('Set-Cookie')]
    if (set) this.cookie = /Max-Age=0/i.test(set) ? '' : set.split(';')[0]
    const method = init.method ?? 'GET'
    this.sent.push({ method, path, body: String(init.body ?? ''), status: response.status })
    if (this.dies === `${method} ${path}`) {
      this.dies = undefined
      return new Promise(() => {}) // this tab is no more
    }
    return response
  }

  tab(storage: Memory): Stay {
    const stay = createStay({ baseURL: stayd.url, storage, fetch: this.fetch, limitSeconds: 5 })
    open.push(stay)
    return stay
  }

  /** What was asked and begun: "ask 409", "line 200", "step 200". */
  get refreshes(): string[] {
    return this.sent.filter(({ path }) => path.endsWith('/session/refresh')).map(({ body, status }) => {
      const fields = JSON.parse(body) as { generation: number | null, from?: string }
      return `${fields.generation === null ? 'ask' : fields.from !== undefined ? 'line' : 'step'} ${status}`
    })
  }

  board(stay: Stay): Promise<Response> {
    return stay.fetch(`${stay.baseURL}/test/user`)
  }
}

async function signedIn(username = 'ada', password = 'lovelace'): Promise<{ browser: Browser, storage: Memory, stay: Stay }> {
  const [browser, storage] = [new Browser(), new Memory()]
  const stay = browser.tab(storage)
  await stay.signIn({ username, password })
  browser.sent.length = 0
  return { browser, storage, stay }
}

describe.skipIf(missing)('storage was cleared, and the cookie is there', () => {
  test('the next page asks, begins a new line, and the person is signed in', async () => {
    const { browser, stay: before } = await signedIn('max', 'quantum-1900')
    before.close()
    const stay = browser.tab(new Memory())
    expect(await stay.ready()).toMatchObject({ state: 'signed-in', user: { username: 'max', roles: ['user', 'moderator'] } })
    expect(browser.refreshes).toEqual(['ask 409', 'line 200'])
    expect((await browser.board(stay)).status).toBe(200)
    await stay.refresh()
    expect(browser.refreshes).toEqual(['ask 409', 'line 200', 'step 200'])
    expect(stay.why().map(({ what }) => what)).toEqual(['found-again', 'refreshed'])
  })

  test('two pages at once: one line, and both are signed in', async () => {
    vi.stubGlobal('navigator', { onLine: true, locks: new Locks() })
    const { browser, stay: before } = await signedIn()
    before.close()
    const storage = new Memory()
    const tabs = [browser.tab(storage), browser.tab(storage)]
    expect((await Promise.all(tabs.map((tab) => tab.ready()))).map(({ signedIn }) => signedIn)).toEqual([true, true])
    expect(browser.refreshes.slice(0, 2)).toEqual(['ask 409', 'line 200'])
    for (const tab of tabs) expect((await browser.board(tab)).status).toBe(200)
    expect(browser.refreshes.filter((line) => line.startsWith('line'))).toHaveLength(1)
  })

  test('while a page is open: it goes on, and nobody is told of an end', async () => {
    const { browser, storage, stay } = await signedIn()
    const heard: string[] = []
    stay.on('signed-out', ({ reason }) => heard.push(reason!))
    storage.all.clear()
    await stay.refresh().catch(() => {})
    await until(() => browser.refreshes.includes('line 200'), 'a line')
    await until(() => stay.user !== null, 'the user')
    expect((await browser.board(stay)).status).toBe(200)
    expect([stay.signedIn, stay.user?.username, heard]).toEqual([true, 'ada', []])
  })

  test('the answer that begins the line is lost: the next page begins the same', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const storage = new Memory()
    const { fetch: real } = browser
    const losing = createStay({ baseURL: stayd.url, storage, limitSeconds: 1, fetch: async (input, init) => {
      const response = await real(input, init)
      if (String(init?.body).includes('"from"')) throw new TypeError('lost')
      return response
    } })
    open.push(losing)
    expect((await losing.ready()).signedIn).toBe(false)
    losing.close()
    const stay = browser.tab(storage)
    expect((await stay.ready()).signedIn).toBe(true)
    const sent = browser.sent.filter(({ body }) => body.includes('"from"')).map(({ body }) => body)
    expect(new Set(sent).size).toBe(1)
    await stay.refresh()
    expect((await browser.board(stay)).status).toBe(200)
  })

  test('the server cannot be reached: nobody yet, and the next page asks again', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const storage = new Memory()
    browser.away = true
    const first = browser.tab(storage)
    expect((await first.ready()).state).toBe('signed-out')
    first.close()
    browser.away = false
    expect((await browser.tab(storage).ready()).signedIn).toBe(true)
  })

  test('no network: nobody yet, and its return brings the person back', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const page = new Page()
    page.network(false)
    const stay = browser.tab(new Memory())
    expect((await stay.ready()).state).toBe('signed-out')
    expect(browser.refreshes).toEqual([])
    page.network(true)
    await until(() => stay.user?.username === 'ada', 'the person')
    expect((await browser.board(stay)).status).toBe(200)
  })

  test('a thief with a copy of the storage of before is found out', async () => {
    const { browser, storage, stay: before } = await signedIn()
    before.close()
    const owner = browser.tab(new Memory())
    await owner.ready()
    const thief = browser.tab(storage)
    await thief.refresh().catch(() => {})
    await quiet()
    expect(await refusal(thief.refresh())).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'reuse' })
  })
})

/** All that was ever written. */
class Noting extends Memory {
  readonly written: string[] = []
  override setItem(key: string, value: string): void {
    this.written.push(value)
    super.setItem(key, value)
  }
}

test.skipIf(missing)('neither an access token nor the cookie is ever written: at sign-in, a refresh, a new line', async () => {
  const [browser, first, second] = [new Browser(), new Noting(), new Noting()]
  const stay = browser.tab(first)
  await stay.signIn({ username: 'ada', password: 'lovelace' })
  const tokens = [await stay.token()]
  await stay.refresh()
  tokens.push(await stay.token())
  stay.close()
  const again = browser.tab(second)
  await again.ready()
  tokens.push(await again.token())
  expect(new Set(tokens).size).toBe(3)
  for (const { written } of [first, second]) {
    expect(written.length).toBeGreaterThan(1)
    for (const secret of [...tokens, browser.cookie.split('=')[1]]) expect(written.join()).not.toContain(secret)
  }
})

describe.skipIf(missing)('nobody is to be found', () => {
  test('no cookie: asked once, and remembered by this storage', async () => {
    const [browser, storage] = [new Browser(), new Memory()]
    const first = browser.tab(storage)
    expect(await first.ready()).toMatchObject({ state: 'signed-out', reason: '' })
    first.close()
    expect((await browser.tab(storage).ready()).state).toBe('signed-out')
    expect(browser.refreshes).toEqual(['ask 401'])
  })

  test('who signed out is not asked about, and stays so', async () => {
    const { browser, storage, stay: before } = await signedIn()
    const { cookie } = browser
    await before.signOut()
    before.close()
    browser.cookie = cookie // as if the browser had kept it
    const stay = browser.tab(storage)
    expect((await stay.ready()).state).toBe('signed-out')
    expect(browser.refreshes).toEqual([])
  })

  test('who signed out while a question was out stays so, whatever is typed then', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const storage = new Memory()
    const { fetch: real } = browser
    let answer = (): void => {}
    const asking = createStay({ baseURL: stayd.url, storage, limitSeconds: 5, fetch: async (input, init) => {
      const response = await real(input, init)
      if (browser.refreshes.length === 1) await new Promise<void>((resolve) => { answer = resolve })
      return response
    } })
    open.push(asking)
    await until(() => browser.refreshes.length === 1, 'the question')
    // Meanwhile in another tab, which the server does not hear.
    browser.away = true
    const other = browser.tab(storage)
    await other.ready()
    await other.signOut()
    let send = (): void => {}
    const typed = new Promise<void>((resolve) => { send = resolve })
    const late = createStay({ baseURL: stayd.url, storage, fetch: async (input, init) => {
      if (!String(input).endsWith('/api/session') || init?.method !== 'POST') throw new TypeError('away')
      await typed
      return real(input, init)
    } })
    open.push(late)
    const refused = refusal(late.signIn({ username: 'ada', password: 'wrong' }))
    await until(() => [...storage.all.values()].some((text) => text.includes('"unsure":true')), 'the doubt')
    browser.away = false
    answer()
    expect((await asking.ready()).signedIn).toBe(false)
    send()
    expect(await refused).toMatchObject({ code: 'STAY_REFUSED' })
    expect([asking.signedIn, other.signedIn, late.signedIn]).toEqual([false, false, false])
  })

  test('who signed out while the server was away stays so, and the server is told later', async () => {
    const { browser, storage, stay: before } = await signedIn()
    browser.away = true
    await before.signOut()
    before.close()
    browser.away = false
    const stay = browser.tab(storage)
    expect((await stay.ready()).state).toBe('signed-out')
    await until(() => browser.sent.some(({ method }) => method === 'DELETE'), 'the sign-out')
    expect(browser.refreshes).toEqual([])
  })

  test('an account that was ended elsewhere, and a cleared storage: nobody', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const other = new Browser().tab(new Memory())
    await other.signIn({ username: 'ada', password: 'lovelace' })
    await other.signOut({ everywhere: true })
    expect((await browser.tab(new Memory()).ready()).state).toBe('signed-out')
  })

  test('mode storage asks nothing', async () => {
    const browser = new Browser()
    const stay = createStay({ baseURL: stayd.url, mode: 'storage', storage: new Memory(), fetch: browser.fetch })
    open.push(stay)
    expect((await stay.ready()).state).toBe('signed-out')
    expect(browser.sent).toEqual([])
  })
})

/** A tab that is no more once the sign-in's answer has set the cookie. */
async function dieAtSignIn(browser: Browser, storage: Memory, username: string, password: string): Promise<void> {
  const dying = browser.tab(storage)
  await dying.ready()
  browser.dies = 'POST /api/session'
  const before = browser.cookie
  dying.signIn({ username, password }).catch(() => {})
  await until(() => browser.cookie !== before && browser.dies === undefined, 'the cookie')
  dying.close()
  browser.sent.length = 0
}

describe.skipIf(missing)('a tab dies between the cookie of a sign-in and its record', () => {
  test('the first sign-in: the next page finds the session', async () => {
    const [browser, storage] = [new Browser(), new Memory()]
    await dieAtSignIn(browser, storage, 'ada', 'lovelace')
    const stay = browser.tab(storage)
    expect(await stay.ready()).toMatchObject({ signedIn: true, user: { username: 'ada' } })
    expect(browser.refreshes).toEqual(['ask 409', 'line 200'])
  })

  test('as another, over a living session: the other tabs go over to it', async () => {
    const { browser, storage, stay } = await signedIn()
    const heard: string[] = []
    stay.on('*', ({ kind }) => { if (kind.startsWith('signed')) heard.push(kind) })
    await dieAtSignIn(browser, storage, 'max', 'quantum-1900')
    await stay.refresh().catch(() => {})
    await until(() => stay.user?.username === 'max', 'max')
    expect(browser.refreshes).toEqual(['step 409', 'step 409', 'ask 409', 'line 200'])
    expect((await browser.board(stay)).status).toBe(200)
    await stay.refresh()
    expect(heard).toEqual(['signed-in'])
  })

  test('as another, while a line for the cookie of before is not begun yet: the next page finds the new session', async () => {
    const { browser, stay: before } = await signedIn()
    before.close()
    const storage = new Memory()
    const { fetch: real } = browser
    const dying = createStay({ baseURL: stayd.url, storage, limitSeconds: 1, fetch: async (input, init) => {
      if (String(init?.body).includes('"from"')) throw new TypeError('away')
      const response = await real(input, init)
      return String(input).endsWith('/api/session') ? new Promise(() => {}) : response
    } })
    open.push(dying)
    expect((await dying.ready()).signedIn).toBe(false)
    const { cookie } = browser
    dying.signIn({ username: 'max', password: 'quantum-1900' }).catch(() => {})
    await until(() => browser.cookie !== cookie, 'the cookie')
    dying.close()
    browser.sent.length = 0
    expect(await browser.tab(storage).ready()).toMatchObject({ signedIn: true, user: { username: 'max' } })
    expect(browser.refreshes).toEqual(['line 409', 'ask 409', 'line 200'])
  })

  test('after a sign-out: the next page finds the new session', async () => {
    const { browser, storage, stay } = await signedIn()
    await stay.signOut()
    stay.close()
    await dieAtSignIn(browser, storage, 'max', 'quantum-1900')
    expect(await browser.tab(storage).ready()).toMatchObject({ signedIn: true, user: { username: 'max' } })
  })

  test('a wrong password changes nothing: who signed out stays so', async () => {
    const { browser, storage, stay } = await signedIn()
    const { cookie } = browser
    await stay.signOut()
    expect(await refusal(stay.signIn({ username: 'ada', password: 'wrong' }))).toMatchObject({ code: 'STAY_REFUSED' })
    stay.close()
    browser.cookie = cookie
    browser.sent.length = 0
    expect((await browser.tab(storage).ready()).state).toBe('signed-out')
    expect(browser.refreshes).toEqual([])
  })

  test('another tab meets the cookie before the record is there: both go on', async () => {
    const { browser, storage, stay: other } = await signedIn()
    const signing = browser.tab(storage)
    await signing.ready()
    // The sign-in's answer is there, and its tab is slow.
    const { fetch: real } = browser
    let go = (): void => {}
    const slow = createStay({ baseURL: stayd.url, storage, fetch: async (input, init) => {
      const response = await real(input, init)
      if (init?.method === 'POST' && String(input).endsWith('/session')) await new Promise<void>((resolve) => { go = resolve })
      return response
    } })
    open.push(slow)
    const asked = slow.signIn({ username: 'max', password: 'quantum-1900' })
    await until(() => browser.sent.some(({ path, status }) => path === '/api/session' && status === 201), 'the cookie')
    await other.refresh().catch(() => {})
    await until(() => other.user?.username === 'max', 'max')
    go()
    expect(await asked).toMatchObject({ username: 'max' })
    for (const tab of [slow, other]) {
      await tab.refresh()
      expect((await browser.board(tab)).status).toBe(200)
    }
    expect([slow.signedIn, other.signedIn]).toEqual([true, true])
  })
})
