// What createStay takes and what a session tells: each option and each event that
// other rows do not come across.
import { describe, expect, test, vi } from 'vitest'
import oauth2 from '#core/dialects/oauth2'
import supabase from '#core/dialects/supabase'
import { IDBFactory } from 'fake-indexeddb'
import type { Stay, StayEvent } from '../src/index'
import { reasonText } from '../src/index'
import { advance, fakeClock, html, json, Page, refusal, Server, signedIn, stayFor, until } from './kit'
import { Locks } from './storage'

describe('options', () => {
  test('headers go with the session’s own messages, and with no request of the app', async () => {
    const server = new Server()
    const stay = await signedIn(server, { headers: { 'X-Tenant': 'tea' } })
    await stay.refresh()
    await stay.fetch(`${server.origin}/api/test/user`)
    expect(server.calls.map(({ path, headers }) => [path, headers.get('X-Tenant')])).toEqual([
      ['/api/session', 'tea'], ['/api/session/refresh', 'tea'], ['/api/test/user', null]
    ])
  })

  test.each([
    ['createStay’s', { label: 'the kitchen' }, {}, 'the kitchen'],
    ['signIn’s own before it', { label: 'the kitchen' }, { label: 'a telephone' }, 'a telephone'],
    ['none', {}, {}, undefined]
  ])('label: %s', async (_, options, more, label) => {
    const server = new Server()
    await stayFor(server, options).signIn({ username: 'ada', password: 'x', ...more })
    expect(JSON.parse(server.calls[0].body).label).toBe(label)
  })

  test('client: who the app is, where the dialect asks', async () => {
    const sent: string[] = []
    const fetching = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      sent.push(`${new Request(input as RequestInfo, init).headers.get('Authorization') ?? ''} ${String(init?.body)}`)
      return json(200, { access_token: 'a', token_type: 'bearer', expires_in: 300, refresh_token: 'r' })
    }
    const stay = stayFor(new Server(), { dialect: oauth2, client: { id: 'app', secret: 'tea', scope: 'todos' }, fetch: fetching as typeof fetch })
    await stay.signIn({ username: 'ada', password: 'x' })
    expect(`${sent[0]} ${atob(/Basic (\S+)/.exec(sent[0])?.[1] ?? '')}`).toMatch(/app/)
    expect(sent[0]).toContain('scope=todos')
  })

  test('client.apiKey: the key that some back ends want', async () => {
    const sent: Headers[] = []
    const fetching = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      sent.push(new Request(input as RequestInfo, init).headers)
      return json(200, { access_token: 'a', token_type: 'bearer', expires_in: 300, refresh_token: 'r', user: { id: 'u', email: 'a@b.c' } })
    }
    const stay = stayFor(new Server(), { dialect: supabase, client: { apiKey: 'anon' }, fetch: fetching as typeof fetch })
    await stay.signIn({ username: 'a@b.c', password: 'x' })
    expect(sent[0].get('apikey')).toBe('anon')
  })

  test('mode and baseURL are told as they hold', async () => {
    const server = new Server()
    const stay = stayFor(server)
    await stay.ready()
    expect([stay.mode, stay.baseURL]).toEqual(['storage', `${server.origin}/api`])
  })
})

describe('events', () => {
  function heardOf(stay: Stay): StayEvent[] {
    const heard: StayEvent[] = []
    stay.on('*', (event) => heard.push(event))
    return heard
  }

  test('waiting, and failed: a request that gets no token', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    await advance(301_000)
    const heard = heardOf(stay)
    server.refresh = () => html(503)
    await refusal(stay.fetch(`${server.origin}/api/test/user`))
    expect(heard.map(({ kind }) => kind)).toEqual(['waiting', 'refresh-started', 'refresh-failed', 'resting', 'failed'])
    expect(heard[0]).toMatchObject({ request: expect.any(Number), what: `GET ${server.origin}/api/test/user` })
  })

  test('refresh-failed and resting: why, with the status, and how long', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    const heard = heardOf(stay)
    server.nextRefreshes.push(() => json(503, {}, { 'Retry-After': '20' }))
    await refusal(stay.refresh())
    expect(heard.find(({ kind }) => kind === 'refresh-failed')).toMatchObject({ reason: 'unavailable', status: 503 })
    const { waitMs } = heard.find(({ kind }) => kind === 'resting')!
    expect(waitMs).toBeGreaterThanOrEqual(20_000)
  })

  test('resting: not where a lost answer is asked for again at once', async () => {
    fakeClock()
    const server = new Server()
    const stay = await signedIn(server)
    const heard = heardOf(stay)
    server.nextRefreshes.push(() => { throw new TypeError('lost') })
    await stay.refresh()
    expect(heard.map(({ kind }) => kind)).toEqual(['refresh-started', 'refresh-failed', 'refresh-started', 'refreshed'])
    for (let i = 0; i < 3; i++) server.nextRefreshes.push(() => { throw new TypeError('lost') })
    await refusal(stay.refresh())
    const pauses = heard.filter(({ kind }) => kind === 'resting').map(({ waitMs }) => waitMs!)
    expect(pauses).toHaveLength(1)
    expect(pauses[0]).toBeGreaterThan(0)
  })

  test('signed-in, refreshed, adopted: in the tab that did it, and in the other', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory())
    const server = new Server()
    const [a, b] = [stayFor(server, { storage: 'shared' }), stayFor(server, { storage: 'shared' })]
    await Promise.all([a.ready(), b.ready()])
    const [mine, theirs] = [heardOf(a), heardOf(b)]
    await a.signIn({ username: 'ada', password: 'x' })
    await until(() => b.signedIn)
    await a.refresh()
    await until(() => theirs.some(({ kind }) => kind === 'adopted'))
    expect(mine.map(({ kind }) => kind)).toEqual(['signed-in', 'refresh-started', 'refreshed'])
    expect(theirs.map(({ kind }) => kind)).toEqual(['signed-in', 'adopted'])
  })
})

test('the pause after a failure is every tab’s: another does not ask either', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  const page = new Page()
  page.navigator.locks = new Locks()
  const server = new Server()
  const a = await signedIn(server, { storage: 'shared' })
  const b = stayFor(server, { storage: 'shared' })
  await b.ready()
  server.refresh = () => json(503, {}, { 'Retry-After': '600' })
  expect(await refusal(a.refresh())).toMatchObject({ code: 'STAY_TRY_LATER', reason: 'unavailable' })
  expect(server.refreshes).toBe(1)
  expect(await refusal(b.refresh())).toMatchObject({ code: 'STAY_TRY_LATER' })
  expect(server.refreshes).toBe(1)
  expect([a.signedIn, b.signedIn]).toEqual([true, true])
})

test('setUser: the user as the app changed it, in every tab', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory())
  const server = new Server()
  const a = await signedIn(server, { storage: 'shared' })
  const b = stayFor(server, { storage: 'shared' })
  await b.ready()
  await a.setUser({ ...a.user!, email: 'new@example.org' })
  await until(() => b.user?.email === 'new@example.org')
  expect(a.user?.email).toBe('new@example.org')
})

test('every reason is a sentence', () => {
  for (const reason of ['', 'signed-out', 'unknown', 'revoked', 'expired', 'disabled', 'reuse', 'server-lost', 'reply-lost', 'refused',
    'no-connection', 'no-answer', 'unavailable', 'not-the-server', 'unrecognised', 'config', 'budget', 'storage', 'busy'] as const) {
    expect(reasonText(reason)).toMatch(/^[A-Z].*\.$/)
  }
})
