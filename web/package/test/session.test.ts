// What a person does to a session, and what must never happen to it meanwhile.
import { describe, expect, test, vi } from 'vitest'
import { createStay, reasonText } from '../src/index'
import type { Answer } from './kit'
import { advance, fakeClock, html, json, passing, quiet, refusal, Server, signedIn, stayFor, until } from './kit'
import { Memory } from './storage'
import express from '#core/dialects/express'
import oauth2 from '#core/dialects/oauth2'

/** Holds an answer back until it is let go. */
function held(answer: Answer): { answer: Answer, go(): void } {
  let go = (): void => {}
  const wait = new Promise<void>((resolve) => { go = resolve })
  return { answer: async (call) => { await wait; return answer(call) }, go: () => go() }
}

describe('signing in', () => {
  test('gives the user, and tells who watches', async () => {
    const server = new Server()
    const stay = stayFor(server)
    const seen: string[] = []
    stay.subscribe(() => seen.push(stay.getSnapshot().state))
    expect(await stay.signIn({ username: 'ada', password: 'lovelace' })).toMatchObject({ username: 'ada', roles: ['user'] })
    expect(seen.at(-1)).toBe('signed-in')
    expect(stay.getSnapshot()).toBe(stay.getSnapshot())
  })

  test('a wrong password is refused in the server’s words', async () => {
    const server = new Server()
    server.signIn = () => json(401, { error: 'bad_credentials', message: 'Wrong name or password.' })
    const stay = stayFor(server)
    expect(await refusal(stay.signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_REFUSED', message: 'Wrong name or password.', status: 401 })
    expect(stay.signedIn).toBe(false)
    expect(server.refreshes).toBe(0)
  })

  test('the fields that are wrong are named', async () => {
    const server = new Server()
    server.resource = () => json(400, { error: 'invalid', message: 'Not so.', fields: { password: ['Too short.'] } })
    expect(await refusal(stayFor(server).signUp({ username: 'ada', email: 'ada@example.org', password: 'x' }))).toMatchObject({ code: 'STAY_REFUSED', fields: { password: ['Too short.'] } })
  })

  test.each([['503', () => html(503)], ['429', () => json(429, {})], ['no answer', () => { throw new TypeError('gone') }]] as [string, Answer][])('%s: try later', async (_, answer) => {
    const server = new Server()
    server.signIn = answer
    expect(await refusal(stayFor(server).signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_TRY_LATER' })
  })

  test('a lost answer is asked for again, and so is one session made', async () => {
    const server = new Server()
    const { signIn } = server
    server.signIn = (call) => { server.signIn = signIn; void call; throw new TypeError('lost') }
    await signedIn(server)
    const sent = server.calls.filter(({ path }) => path === '/api/session')
    expect(sent).toHaveLength(2)
    expect(sent[1].body).toBe(sent[0].body)
  })

  test('as another over a living session: the new one counts', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.user = { id: 8, username: 'max', email: 'm@example.org', roles: ['user', 'moderator'] }
    await stay.signIn({ username: 'max', password: 'quantum-1900' })
    expect(stay.user).toMatchObject({ username: 'max' })
    expect(stay.getSnapshot().session).toBe(2)
    expect(await stay.token()).toBe('token-2')
  })
})

test('who watches is told of what changed, and of nothing else', async () => {
  const stay = await signedIn(new Server())
  let told = 0
  stay.subscribe(() => { told += 1; stay.token().catch(() => {}) })
  for (let i = 0; i < 5; i++) await stay.token()
  await quiet()
  expect(told).toBe(0)
  await stay.signOut()
  await quiet()
  expect(told).toBe(1)
})

describe('signing out', () => {
  test('beats a refresh in flight', async () => {
    const storage = new Memory()
    const server = new Server()
    const stay = await signedIn(server, { storage })
    const late = held(server.refresh)
    server.refresh = late.answer
    const refreshing = refusal(stay.refresh())
    await until(() => server.refreshes === 1)
    const leaving = stay.signOut()
    await until(() => !stay.signedIn)
    late.go()
    expect(await refreshing).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'signed-out' })
    await leaving
    expect(stay.getSnapshot()).toMatchObject({ state: 'signed-out', user: null })
    expect(storage.text).not.toContain('token-')
    await quiet()
    expect(stay.signedIn).toBe(false)
  })

  test('a sign-in right after it beats the same refresh', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const late = held(server.refresh)
    server.refresh = late.answer
    const refreshing = refusal(stay.refresh())
    await until(() => server.refreshes === 1)
    await stay.signOut()
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    const mine = await stay.token()
    late.go()
    await refreshing
    await quiet()
    expect(await stay.token()).toBe(mine)
    expect(stay.signedIn).toBe(true)
  })

  test('is told once, though everybody hears of it', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const heard: string[] = []
    stay.on('signed-out', ({ reason }) => heard.push(reason!))
    await Promise.all([stay.signOut(), stay.signOut()])
    await stay.signOut()
    expect(heard).toEqual(['signed-out'])
    expect(server.calls.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
  })

  test('works although the server does not answer', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.signOut = () => html(503)
    await stay.signOut()
    expect(stay.state).toBe('signed-out')
  })

  test('everywhere: all sessions end, and then this one', async () => {
    const server = new Server()
    server.resource = (call) => call.token === server.current ? new Response(null, { status: 204 }) : server.expired(call)
    const stay = await signedIn(server)
    await stay.signOut({ everywhere: true })
    expect(server.calls.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual(['/api/sessions', '/api/session'])
  })
})

describe('requests', () => {
  test('50 at expiry: one refresh, all answered', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.expire()
    await advanceBeyondFresh()
    const all = await Promise.all(Array.from({ length: 50 }, () => stay.fetch(`${server.origin}/api/test/user`)))
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200))
    expect(server.refreshes).toBe(1)

    async function advanceBeyondFresh(): Promise<void> {
      // A 401 to a token that is seconds old is the resource's own affair.
      await stay.refresh()
      server.calls.length = 0
      fakeClock()
      await advance(31_000)
      server.expire()
    }
  })

  test('a resource that always answers 401 causes no storm', async () => {
    fakeClock()
    const server = new Server()
    server.resource = (call) => server.expired(call)
    const stay = await signedIn(server)
    await advance(40_000)
    for (let i = 0; i < 100; i++) {
      expect((await stay.fetch(`${server.origin}/api/odd`)).status).toBe(401)
      await advance(100)
    }
    expect(server.refreshes).toBeLessThanOrEqual(2)
    expect(stay.signedIn).toBe(true)
  })

  test('403 is delivered, and ends nothing', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    server.resource = () => json(403, { error: 'wrong_role', message: 'Admins only.' })
    const response = await stay.fetch(`${server.origin}/api/test/admin`)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ message: 'Admins only.' })
    expect(stay.signedIn).toBe(true)
    expect(server.refreshes).toBe(0)
  })

  test('nobody is signed in: it goes without a token, and a 401 says sign in', async () => {
    const server = new Server()
    const stay = stayFor(server)
    server.resource = (call) => call.path === '/api/test/all' ? json(200, {}) : server.expired(call)
    expect((await stay.fetch(`${server.origin}/api/test/all`)).status).toBe(200)
    expect(await refusal(stay.fetch(`${server.origin}/api/test/user`))).toMatchObject({ code: 'STAY_SIGN_IN', status: 401 })
    expect(server.refreshes).toBe(0)
  })

  test('a late 401 to an old token is sent again with the new one, without a refresh', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const late = held((call) => server.expired(call))
    const { resource } = server
    server.resource = (call) => call.token === 'token-1' ? late.answer(call) : resource(call)
    const asked = stay.fetch(`${server.origin}/api/test/user`)
    await until(() => server.count('/api/test/user') === 1)
    await stay.refresh()
    late.go()
    expect((await asked).status).toBe(200)
    expect(server.refreshes).toBe(1)
  })
})

describe('lease', () => {
  test('a token at once, a newer one each time in time, and none after its end', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    const tokens: string[] = []
    const lease = stay.lease({ minSeconds: 60, onToken: (token) => tokens.push(token) })
    await until(() => tokens.length === 1)
    await advance(239_000)
    expect(tokens).toEqual(['token-1'])
    await passing(() => tokens.length === 2)
    expect(tokens).toEqual(['token-1', 'token-2'])
    lease.end()
    await advance(600_000)
    expect(tokens).toHaveLength(2)
  })

  test('a token that never lives so long is told once', async () => {
    fakeClock()
    const server = new Server()
    server.life = 40
    const stay = await signedIn(server, { earlySeconds: -1 })
    const tokens: string[] = []
    stay.lease({ minSeconds: 60, onToken: (token) => tokens.push(token) })
    await until(() => tokens.length === 1)
    await advance(10_000)
    expect(tokens).toEqual(['token-1'])
  })

  test('it says why nothing more comes', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    const ends: string[] = []
    stay.lease({ onToken: () => {}, onEnd: (error) => ends.push(`${error.code} ${error.reason}`) })
    await quiet()
    server.refresh = () => json(401, { error: 'revoked', message: 'no' })
    await advance(265_000)
    await passing(() => ends.length === 1)
    await advance(600_000)
    expect(ends).toEqual(['STAY_SIGN_IN revoked'])
  })

  test('a server that is away for a while is waited for', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    const tokens: string[] = []
    stay.lease({ onToken: (token) => tokens.push(token), onEnd: () => tokens.push('end') })
    await quiet()
    const { refresh } = server
    server.refresh = () => html(503)
    await advance(400_000)
    server.refresh = refresh
    await advance(95_000)
    await passing(() => tokens.length > 1)
    expect(tokens).toEqual(['token-1', 'token-2'])
  })
})

describe('events', () => {
  test('one listener for two kinds hears both, and lets go of each alone', async () => {
    const stay = stayFor(new Server())
    const heard: string[] = []
    const listener = ({ kind }: { kind: string }): void => { heard.push(kind) }
    const end = stay.on('signed-in', listener)
    stay.on('signed-out', listener)
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    await stay.signOut()
    end()
    await stay.signIn({ username: 'ada', password: 'lovelace' })
    await stay.signOut()
    expect(heard).toEqual(['signed-in', 'signed-out', 'signed-out'])
  })

  test('a request’s way: sent, held back, refreshed, replayed, answered', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(40_000)
    server.expire()
    const heard: string[] = []
    stay.on('*', ({ kind, what = '', status = '' }) => heard.push(`${kind} ${what} ${status}`.trim()))
    await stay.fetch(`${server.origin}/api/test/user?secret=1`)
    const what = `GET ${server.origin}/api/test/user`
    expect(heard).toEqual([`sent ${what}`, `held-back ${what} 401`, 'refresh-started', 'refreshed  200', `replayed ${what}`, `answered ${what} 200`])
  })

  test('a listener that throws harms nobody', async () => {
    fakeClock()
    const stay = await signedIn(new Server())
    stay.on('*', () => { throw new Error('mine') })
    await stay.refresh()
    expect(await stay.token()).toBe('token-2')
    await expect(advance(1)).rejects.toThrow('mine')
  })
})

test('why() tells what happened, with nothing secret in it', async () => {
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server)
  server.nextRefreshes.push(() => html(503))
  await refusal(stay.refresh())
  await advance(2000)
  await stay.refresh()
  server.nextRefreshes.push(() => json(401, { error: 'disabled', message: 'no' }))
  await refusal(stay.refresh())
  const lines = stay.why()
  expect(lines.map(({ what, reason, status }) => [what, reason, status])).toEqual([
    ['signed-in', undefined, undefined],
    ['refresh-failed', 'unavailable', 503],
    ['refreshed', undefined, undefined],
    ['signed-out', 'disabled', undefined]
  ])
  expect(JSON.stringify(lines)).not.toContain('token-')
  expect(reasonText(stay.reason)).toBe('This account is disabled.')
})

test('why() keeps the last twenty', async () => {
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server)
  for (let i = 0; i < 25; i++) {
    await stay.refresh()
    await advance(31_000)
  }
  expect(stay.why()).toHaveLength(20)
  expect(stay.why()[0].what).toBe('refreshed')
})

describe('where the server draws the refresh tokens (express)', () => {
  /** A back end with one-use refresh tokens, r1, r2, ...; its refreshes can be held. */
  function bezkoder() {
    const server = new Server()
    const waiting: (() => void)[] = []
    const state = { count: 1, holds: false }
    const fetching = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const request = new Request(input as RequestInfo, init)
      if (request.url.endsWith('/auth/signin')) return json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_USER'], accessToken: 'a1', refreshToken: 'r1' })
      if (!request.url.endsWith('/auth/refreshtoken')) return json(200, {})
      const mine = state.count += 1
      if (state.holds) await new Promise<void>((resolve) => { waiting.push(resolve) })
      return json(200, { accessToken: `a${mine}`, refreshToken: `r${mine}` })
    }
    return { server, state, waiting, options: { dialect: express, fetch: fetching as typeof fetch } }
  }

  test('signing out beats a refresh in flight', async () => {
    const { server, state, waiting, options } = bezkoder()
    const storage = new Memory()
    const stay = stayFor(server, { ...options, storage })
    await stay.signIn({ username: 'ada', password: 'x' })
    state.holds = true
    const refreshing = refusal(stay.refresh())
    await until(() => waiting.length === 1)
    await stay.signOut()
    waiting[0]()
    expect(await refreshing).toMatchObject({ code: 'STAY_SIGN_IN', reason: 'signed-out' })
    await quiet()
    expect([stay.signedIn, storage.text.includes('a2'), storage.text.includes('r2')]).toEqual([false, false, false])
  })

  test('a late answer to an older refresh changes nothing', async () => {
    const { server, state, waiting, options } = bezkoder()
    const storage = new Memory()
    const [one, two] = [stayFor(server, { ...options, storage }), stayFor(server, { ...options, storage })]
    await one.signIn({ username: 'ada', password: 'x' })
    await until(() => two.signedIn)
    state.holds = true
    const late = one.refresh().catch(() => {})
    await until(() => waiting.length === 1)
    state.holds = false
    await two.refresh()
    expect(storage.text).toContain('r3')
    waiting[0]()
    await late
    await quiet()
    expect(storage.text).toContain('"refresh":"r3"')
    expect([await one.token(), await two.token()]).toEqual(['a3', 'a3'])
  })
})

describe('the back end speaks another dialect', () => {
  test('it is named', async () => {
    const server = new Server()
    server.signIn = () => json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_USER'], accessToken: 'a.b.c', refreshToken: 'r' })
    const error = await refusal(stayFor(server).signIn({ username: 'ada', password: 'lovelace' }))
    expect(error).toMatchObject({ code: 'STAY_WRONG_DIALECT' })
    expect(error.message).toContain('express')
  })

  test('what fits no dialect is said to be so', async () => {
    const server = new Server()
    server.signIn = () => html(200)
    expect(await refusal(stayFor(server).signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_BAD_REPLY' })
  })

  test('in its own dialect it works: express, with x-access-token', async () => {
    const server = new Server()
    const bezkoder = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const request = new Request(input as RequestInfo, init)
      if (request.url.endsWith('/auth/signin')) return json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_ADMIN'], accessToken: 'a.b.c', refreshToken: 'r' })
      return json(request.headers.get('x-access-token') === 'a.b.c' ? 200 : 401, {})
    }
    const stay = stayFor(server, { dialect: express, fetch: bezkoder as typeof fetch })
    expect(await stay.signIn({ username: 'ada', password: 'lovelace' })).toMatchObject({ roles: ['admin'] })
    expect((await stay.fetch(`${server.origin}/api/test/admin`)).status).toBe(200)
  })
})

describe('a page that came over plain http', () => {
  test('is told what is missing', async () => {
    vi.stubGlobal('crypto', { getRandomValues: () => {} })
    expect(await refusal(stayFor(new Server()).signIn({ username: 'ada', password: 'x' }))).toMatchObject({ code: 'STAY_BAD_CONFIG' })
  })

  test('works where the dialect needs no secrets of its own', async () => {
    vi.stubGlobal('crypto', undefined)
    const fetching = async (): Promise<Response> => json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_USER'], accessToken: 'a.b.c', refreshToken: 'r' })
    const stay = stayFor(new Server(), { dialect: express, fetch: fetching as typeof fetch })
    expect(await stay.signIn({ username: 'ada', password: 'x' })).toMatchObject({ username: 'ada' })
  })
})

describe('options that are wrong are told at once, in words', () => {
  const bad: [string, object, string][] = [
    ['a name that is none', { baseURL: 'http://x.test', baseUrl: 1 }, "no option 'baseUrl'"],
    ['no address', {}, 'baseURL'],
    ['no http', { baseURL: 'ftp://x.test' }, 'baseURL'],
    ['a dialect by name', { baseURL: 'http://x.test', dialect: 'express' }, "'@stay/web/dialects/express'"],
    ['a mode that is none', { baseURL: 'http://x.test', mode: 'local' }, "'local'"],
    ['no patience', { baseURL: 'http://x.test', limitSeconds: 0 }, 'limitSeconds'],
    ['too much patience', { baseURL: 'http://x.test', limitSeconds: 301 }, 'limitSeconds'],
    ['an origin that is none', { baseURL: 'http://x.test', origins: ['x y'] }, 'origins']
  ]
  test.each(bad)('%s', (_, options, words) => {
    let error: { code?: string, message?: string } = {}
    try {
      createStay(options as never)
    } catch (thrown) {
      error = thrown as Error
    }
    expect(error.code).toBe('STAY_BAD_CONFIG')
    expect(error.message).toContain(words)
  })

  test.each([[300], [0.001]])('%s s of patience will do', (limitSeconds) => {
    createStay({ baseURL: 'http://x.test', limitSeconds }).close()
  })

  test('cookie mode where the dialect has none', async () => {
    const stay = stayFor(new Server(), { dialect: oauth2, mode: 'cookie' })
    expect(await refusal(stay.ready())).toMatchObject({ code: 'STAY_BAD_CONFIG' })
  })

  test('a session that was closed', async () => {
    const stay = await signedIn(new Server())
    stay.close()
    expect(await refusal(stay.token())).toMatchObject({ code: 'STAY_BAD_CONFIG' })
  })

  test('a dialect that is none', async () => {
    const stay = stayFor(new Server(), { dialect: { dialect: 'mine' } })
    expect(await refusal(stay.ready())).toMatchObject({ code: 'STAY_BAD_CONFIG' })
  })
})
