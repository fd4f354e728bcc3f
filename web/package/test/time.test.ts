// Timers, sleep, clocks that jump, pages that nobody looks at, no network.
import { describe, expect, test, vi } from 'vitest'
import { advance, fakeClock, json, Page, quiet, refusal, Server, signedIn, stayFor, until } from './kit'
import { Memory } from './storage'

const day = 24 * 3600 * 1000

describe('a page that is looked at renews by itself', () => {
  test('within the early window, and not before', async () => {
    fakeClock()
    void new Page()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(205_000)
    expect(server.refreshes).toBe(0)
    await advance(94_000)
    await until(() => server.refreshes === 1)
    await until(() => stay.secondsLeft > 200)
  })

  test('a fifth of a short token’s life before its end', async () => {
    fakeClock()
    void new Page()
    const server = new Server()
    server.life = 10
    await signedIn(server)
    await advance(6_900)
    expect(server.refreshes).toBe(0)
    await advance(3_000)
    await until(() => server.refreshes === 1)
  })

  test('never, if it is told so', async () => {
    fakeClock()
    void new Page()
    const server = new Server()
    const stay = await signedIn(server, { earlySeconds: -1 })
    await advance(299_000)
    expect(server.refreshes).toBe(0)
    expect(await stay.token()).toBe('token-1')
  })

  test('not while nobody looks, and at once when somebody does', async () => {
    fakeClock()
    const page = new Page()
    const server = new Server()
    await signedIn(server)
    page.show(false)
    await advance(310_000)
    expect(server.refreshes).toBe(0)
    page.show(true)
    await advance(1)
    await until(() => server.refreshes === 1)
  })

  test('30 days: longer than a timer of the browser can wait', async () => {
    fakeClock()
    void new Page()
    const server = new Server()
    server.life = 30 * 24 * 3600
    await signedIn(server)
    await advance(24 * day)
    expect(server.refreshes).toBe(0)
    await advance(5 * day)
    expect(server.refreshes).toBe(0)
    await advance(day - 1000)
    await until(() => server.refreshes === 1)
  })
})

describe('the clock', () => {
  test('sleep counts: after an hour asleep the token is renewed before it is shown', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    vi.setSystemTime(Date.now() + 3600_000)
    expect(stay.secondsLeft).toBe(0)
    expect(await stay.token()).toBe('token-2')
  })

  test('set back by an hour: no token lives longer for it', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    vi.setSystemTime(Date.now() - 3600_000)
    expect(stay.secondsLeft).toBeLessThanOrEqual(300)
    await advance(301_000)
    expect(stay.secondsLeft).toBe(0)
    expect(await stay.token()).toBe('token-2')
  })

  test.each([[0], [-5], [null], ['300'], [1e12]])('expires_in %s: the token is used, and nothing storms', async (life) => {
    fakeClock()
    void new Page()
    const server = new Server()
    server.signIn = () => {
      server.current = 'token-x'
      return json(201, { access_token: 'token-x', token_type: 'Bearer', expires_in: life, session: { id: 'c2Vzc2lvbi1pZC1vZi1pdA', label: null }, user: server.user })
    }
    const stay = await signedIn(server)
    expect((await stay.fetch(`${server.origin}/api/test/user`)).status).toBe(200)
    await advance(60_000)
    expect(server.refreshes).toBeLessThanOrEqual(8)
    expect(stay.signedIn).toBe(true)
  })
})

describe('token({minSeconds})', () => {
  test.each([[100, 'token-1'], [139, 'token-1'], [141, 'token-2'], [900, 'token-2']])('140 of 300 s left, %s asked for', async (minSeconds, token) => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(160_000)
    expect(await stay.token({ minSeconds })).toBe(token)
  })

  test('more than half of what the server gives counts as half', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(149_000)
    expect(await stay.token({ minSeconds: 900 })).toBe('token-1')
    expect(server.refreshes).toBe(0)
  })

  test('who gives up waiting does not stop the refresh', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    let answer = (): void => {}
    const { refresh } = server
    server.refresh = async (call) => {
      await new Promise<void>((resolve) => { answer = resolve })
      return refresh(call)
    }
    const patience = new AbortController()
    await advance(301_000)
    const asked = stay.token({ signal: patience.signal })
    const other = stay.token()
    await until(() => server.refreshes === 1)
    patience.abort()
    expect(await refusal(asked)).toMatchObject({ name: 'AbortError' })
    answer()
    expect(await other).toBe('token-2')
  })
})

describe('no network', () => {
  async function restarted() {
    fakeClock()
    const storage = new Memory()
    const server = new Server()
    const first = await signedIn(server, { storage })
    first.close()
    await advance(3600_000)
    const page = new Page()
    page.navigator.onLine = false
    return { page, server, stay: stayFor(server, { storage }) }
  }

  test('a start without it keeps the session, and says why nothing works', async () => {
    const { server, stay } = await restarted()
    await stay.ready()
    expect(stay.getSnapshot()).toMatchObject({ signedIn: true, user: { username: 'ada' } })
    expect(await refusal(stay.fetch(`${server.origin}/api/test/user`))).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'no-connection' })
    expect(server.refreshes).toBe(0)
    expect(stay.signedIn).toBe(true)
  })

  test('its return wakes the session, without anybody asking', async () => {
    const { page, server, stay } = await restarted()
    await refusal(stay.token())
    page.network(true)
    await until(() => stay.state === 'signed-in')
    expect(server.refreshes).toBe(1)
    expect((await stay.fetch(`${server.origin}/api/test/user`)).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })

  test('its return renews a token that died, although nobody had asked yet', async () => {
    const { page, server, stay } = await restarted()
    await stay.ready()
    page.network(true)
    await until(() => server.refreshes === 1)
    await until(() => stay.secondsLeft > 0)
  })

  test('a session that was closed hears nothing any more', async () => {
    const { page, server, stay } = await restarted()
    await refusal(stay.token())
    expect(page.listeners).toBe(3)
    stay.close()
    expect(page.listeners).toBe(0)
    page.network(true)
    page.show(true)
    await quiet()
    expect(server.refreshes).toBe(0)
  })

  test('a sign-out without it is told to the server when it is back', async () => {
    const page = new Page()
    const server = new Server()
    const stay = await signedIn(server)
    page.network(false)
    await stay.signOut()
    expect(stay.state).toBe('signed-out')
    expect(server.calls.some(({ method }) => method === 'DELETE')).toBe(false)
    page.network(true)
    await until(() => server.calls.some(({ method }) => method === 'DELETE'))
  })
})
