// Where a session rests, when that place fails; and the tabs that share it.
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { advance, fakeClock, json, Page, quiet, refusal, Server, signedIn, stayFor, until } from './kit'
import { Locks, Memory } from './storage'

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory())
})

describe('a session rests in IndexedDB', () => {
  test('and outlives the page', async () => {
    const server = new Server()
    const first = await signedIn(server, { storage: 'shared' })
    first.close()
    const stay = stayFor(server, { storage: 'shared' })
    expect(await stay.ready()).toMatchObject({ signedIn: true, user: { username: 'ada' } })
    expect(await stay.token()).toBe('token-1')
    expect(server.refreshes).toBe(0)
  })

  test('where there is none: it works, as long as the page lives', async () => {
    vi.stubGlobal('indexedDB', undefined)
    const server = new Server()
    const stay = await signedIn(server, { storage: 'shared' })
    await stay.refresh()
    expect(await stay.token()).toBe('token-2')
  })

  test('two back ends, or two dialects, are two sessions', async () => {
    const [one, two] = [new Server(), new Server()]
    const stay = await signedIn(one, { storage: 'shared' })
    expect((await stayFor(two, { storage: 'shared' }).ready()).signedIn).toBe(false)
    expect(stay.signedIn).toBe(true)
  })
})

describe('a vault that fails', () => {
  function failingOnce(how: 'open' | 'abort'): { fail: boolean } {
    const factory = new IDBFactory()
    const state = { fail: false }
    const open = factory.open.bind(factory)
    vi.stubGlobal('indexedDB', {
      open(name: string, version: number) {
        if (!state.fail || how !== 'open') return watched(open(name, version), state)
        const request = { error: new DOMException('no', 'UnknownError') } as { error: unknown, onerror?(): void }
        queueMicrotask(() => request.onerror?.())
        return request
      }
    })
    return state
  }

  /** A database whose writes are taken back while `state.fail`. */
  function watched(request: IDBOpenDBRequest, state: { fail: boolean }): IDBOpenDBRequest {
    request.addEventListener('success', () => {
      const db = request.result
      const transaction = db.transaction.bind(db)
      db.transaction = (...how: Parameters<typeof transaction>) => {
        const begun = transaction(...how)
        if (state.fail && how[1] === 'readwrite') {
          const store = begun.objectStore.bind(begun)
          begun.objectStore = (name) => {
            const real = store(name)
            real.put = () => { begun.abort(); return undefined as never }
            return real
          }
        }
        return begun
      }
    })
    return request
  }

  test('that cannot be opened: told, and tried again', async () => {
    const state = failingOnce('open')
    state.fail = true
    const server = new Server()
    const stay = stayFor(server, { storage: 'shared' })
    expect(await refusal(stay.ready())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'storage' })
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'storage' })
    state.fail = false
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    expect(await stay.token()).toBe('token-1')
  })

  test('at sign-in, full: nobody is signed in by half', async () => {
    const state = failingOnce('abort')
    const server = new Server()
    const stay = stayFor(server, { storage: 'shared' })
    await stay.ready()
    state.fail = true
    expect(await refusal(stay.signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'storage' })
    expect(stay.signedIn).toBe(false)
    state.fail = false
    await stay.signIn({ username: 'ada', password: 'x' })
    expect(stay.signedIn).toBe(true)
  })

  test('at a refresh, full: nothing is sent, the session is kept, and it goes on', async () => {
    fakeClock()
    const state = failingOnce('abort')
    const server = new Server()
    const stay = await signedIn(server, { storage: 'shared' })
    state.fail = true
    expect(await refusal(stay.refresh())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'storage' })
    expect(server.refreshes).toBe(0)
    expect(await stay.token()).toBe('token-1')
    state.fail = false
    await advance(2000)
    await stay.refresh()
    expect(await stay.token()).toBe('token-2')
  })

  test('after the answer, full: the session is kept, and the step is repeated', async () => {
    fakeClock()
    const state = failingOnce('abort')
    const server = new Server()
    const stay = await signedIn(server, { storage: 'shared' })
    const { refresh } = server
    server.refresh = (call) => { state.fail = true; return refresh(call) }
    await stay.refresh().catch(() => {})
    expect(stay.signedIn).toBe(true)
    state.fail = false
    server.refresh = refresh
    await advance(2000)
    await stay.refresh()
    const bodies = server.calls.filter(({ path }) => path.endsWith('/refresh')).map(({ body }) => body)
    expect(bodies).toHaveLength(2)
    expect(bodies[1]).toBe(bodies[0])
    expect((await stay.fetch(`${server.origin}/api/test/user`)).status).toBe(200)
  })

  test('when the server ends the session, and it can be read no more: who waits is told', async () => {
    const storage = new Memory()
    const server = new Server()
    const stay = await signedIn(server, { storage })
    server.refresh = () => json(401, { error: 'revoked', message: 'no' })
    const write = storage.setItem.bind(storage)
    storage.setItem = (key, value) => { write(key, value); if (value.includes('signed-out')) storage.failing = 'read' }
    expect(await refusal(stay.refresh())).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'revoked' })
    expect(stay.state).toBe('ended')
  })

  test.each(['read', 'write'] as const)('a storage of the app’s own that may not be used: %s', async (failing) => {
    const storage = new Memory()
    storage.failing = failing
    const server = new Server()
    expect(await refusal(stayFor(server, { storage }).signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'storage' })
  })

  test.each(['', 'null', '{}', '{"version":9}', 'x'.repeat(100)])('what lies there is no session: %s', async (text) => {
    const storage = new Memory()
    storage.getItem = () => text
    expect((await stayFor(new Server(), { storage }).ready()).signedIn).toBe(false)
  })
})

describe.each([['with Web Locks', true], ['without Web Locks', false]])('tabs, %s', (_, locks) => {
  /** Two tabs of one browser. */
  async function tabs() {
    const page = new Page()
    if (locks) page.navigator.locks = new Locks()
    const server = new Server()
    const a = await signedIn(server, { storage: 'shared' })
    const b = stayFor(server, { storage: 'shared' })
    await b.ready()
    return { server, a, b }
  }

  test('a new tab gets the token without a refresh', async () => {
    const { server, b } = await tabs()
    expect(await b.token()).toBe('token-1')
    expect(server.refreshes).toBe(0)
  })

  test('what one renews, the other has', async () => {
    const { server, a, b } = await tabs()
    await a.refresh()
    await until(() => b.getSnapshot().generation === a.getSnapshot().generation)
    expect(await b.token()).toBe('token-2')
    expect(server.refreshes).toBe(1)
  })

  test('a sign-out in one signs out the other, with the reason', async () => {
    const { a, b } = await tabs()
    const heard: string[] = []
    b.on('signed-out', ({ reason }) => heard.push(reason!))
    await a.signOut()
    await until(() => !b.signedIn)
    expect(heard).toEqual(['signed-out'])
    expect(await refusal(b.token())).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'signed-out' })
  })

  test('an end that one meets, the other knows, with the reason', async () => {
    const { server, a, b } = await tabs()
    server.refresh = () => json(401, { error: 'disabled', message: 'no' })
    await refusal(a.refresh())
    await until(() => b.state === 'ended')
    expect(b.reason).toBe('disabled')
  })

  test('a sign-in in one signs in the other', async () => {
    const { a, b } = await tabs()
    await a.signOut()
    await until(() => !b.signedIn)
    await b.signIn({ username: 'ada', password: 'lovelace' })
    await until(() => a.signedIn)
    expect(await a.token()).toBe(await b.token())
  })
})

test('two tabs at expiry, with Web Locks: one refresh for both', async () => {
  const page = new Page()
  page.navigator.locks = new Locks()
  fakeClock()
  const server = new Server()
  const a = await signedIn(server, { storage: 'shared' })
  const b = stayFor(server, { storage: 'shared' })
  await until(() => b.state !== 'opening')
  page.show(false) // no timers
  await advance(301_000)
  const asked = Promise.all([a, b, a, b].map((stay) => stay.fetch(`${server.origin}/api/test/user`)))
  let done = false
  void asked.finally(() => { done = true })
  for (let i = 0; i < 50 && !done; i++) await advance(20)
  expect((await asked).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(server.refreshes).toBe(1)
})

test('the turn never comes: it goes on without', async () => {
  const page = new Page()
  page.navigator.locks = { request: (_name: string, { signal }: { signal: AbortSignal }) => new Promise((_, reject) => { signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))) }) }
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server, { limitSeconds: 5 })
  const refreshing = stay.refresh().then(() => 'done', (error: { code: string }) => error.code)
  await advance(4_900)
  expect(server.refreshes).toBe(0)
  await advance(200)
  await refreshing
  await quiet()
  expect(server.refreshes).toBe(1)
  expect(await stay.token()).toBe('token-2')
})
