// stayVuex: each article's own names, on Vuex 4 with Vue 3 and Vuex 3 with Vue 2.
import { describe, expect, test, vi } from 'vitest'
import * as vuex4 from 'vuex'
import vuex3 from 'vuex-3'
import Vue2 from 'vue-2'
import express from '#core/dialects/express'
import nest from '#core/dialects/nest'
import type { Stay } from '../src/index'
import type { Logout, StayVuexOptions } from '../src/vuex'
import { eventBus, stayVuex } from '../src/vuex'
import { advance, fakeClock, json, refusal, Server, signedIn, stayFor, until } from './kit'

/* eslint-disable @typescript-eslint/no-explicit-any -- a store of either Vuex. */
type Store = { state: any, getters: any, commit(type: string, payload?: unknown): void, dispatch(type: string, payload?: unknown): Promise<any> }

const old = Vue2 as unknown as { use(plugin: unknown): void, config: { productionTip: boolean, devtools: boolean }, new (options: object): { $destroy(): void } }
old.config.productionTip = false
old.config.devtools = false
old.use(vuex3)

const versions: [string, { Store: new (options: object) => Store }][] = [
  ['4', vuex4 as never],
  ['3', vuex3 as never]
]

describe.each(versions)('Vuex %s', (_, { Store }) => {
  function storeOf(stay: Stay, names: StayVuexOptions['names']): Store {
    return new Store({ strict: true, state: { own: 1 }, plugins: [stayVuex(stay, { names })] })
  }

  test('bezkoder: auth/login, register, refreshToken, logout; status.loggedIn', async () => {
    const server = new Server()
    server.user = { id: 7, username: 'ada', email: 'ada@example.org', roles: ['user', 'moderator'] }
    const stay = stayFor(server)
    const store = storeOf(stay, 'bezkoder')
    expect(store.state.auth).toEqual({ status: { loggedIn: false }, user: null })
    server.resource = () => json(201, { id: 7, username: 'ada', email: 'ada@example.org', roles: ['user'] })
    await store.dispatch('auth/register', { username: 'ada', email: 'ada@example.org', password: 'lovelace' })
    expect(store.state.auth.status.loggedIn).toBe(false)
    const user = await store.dispatch('auth/login', { username: 'ada', password: 'lovelace' })
    expect(user).toMatchObject({ username: 'ada', roles: ['ROLE_USER', 'ROLE_MODERATOR'] })
    expect(store.state.auth.status.loggedIn).toBe(true)
    await until(() => store.state.auth.user.accessToken === 'token-1')
    const before = store.state.auth.user
    await store.dispatch('auth/refreshToken', 'whatever the app found')
    await until(() => store.state.auth.user.accessToken === 'token-2')
    expect(store.state.auth.user).not.toBe(before)
    await store.dispatch('auth/logout')
    expect(store.state.auth).toEqual({ status: { loggedIn: false }, user: null })
    expect(store.state.own).toBe(1)
  })

  test('bezkoder: a wrong password ends in loginFailure, and the component is told', async () => {
    const server = new Server()
    server.signIn = () => json(401, { error: 'bad_credentials', message: 'Invalid Password!' })
    const store = storeOf(stayFor(server), 'bezkoder')
    expect(await refusal(store.dispatch('auth/login', { username: 'ada', password: 'x' }))).toMatchObject({ message: 'Invalid Password!' })
    expect(store.state.auth.status.loggedIn).toBe(false)
  })

  test('django: logIn, refreshToken, fetchUser; four mutations and four getters at the root', async () => {
    const server = new Server()
    const stay = stayFor(server)
    const store = storeOf(stay, 'django')
    expect(store.state).toMatchObject({ refresh_token: '', loggedInUser: {}, isAuthenticated: false, own: 1 })
    await store.dispatch('logIn', { username: 'ada', password: 'lovelace' })
    expect(store.getters.isAuthenticated).toBe(true)
    expect(store.getters.loggedInUser).toMatchObject({ username: 'ada' })
    await until(() => store.getters.accessToken === 'token-1')
    expect(store.state.access_token).toBe('token-1')
    await store.dispatch('refreshToken')
    await until(() => store.getters.accessToken === 'token-2')
    expect(store.getters.refreshToken).toBe('')
    await store.dispatch('fetchUser')
    expect(store.state.loggedInUser).toMatchObject({ username: 'ada' })
    for (const mutation of ['setAccessToken', 'setRefreshToken']) store.commit(mutation, 'x')
    store.commit('setLoggedInUser', { username: 'eve', roles: [] })
    expect(store.state.loggedInUser.username).toBe('eve')
    store.commit('clearUserData')
    await until(() => !stay.signedIn)
    expect([store.getters.isAuthenticated, store.getters.loggedInUser, store.getters.accessToken]).toEqual([false, {}, ''])
  })

  test('nest: getAuthData; todo with todos, getAllTodos, setTodos', async () => {
    const server = new Server()
    const titles = ['Watch Movie', 'Take Health Test']
    const fetching = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const request = new Request(input as RequestInfo, init)
      const { pathname } = new URL(request.url)
      if (pathname === '/auth/login') return json(201, { access_token: 'a.b.c', refresh_token: 'r' })
      if (pathname === '/todos' && request.headers.get('Authorization') === 'Bearer a.b.c') return json(200, titles)
      return json(401, { statusCode: 401, message: 'Unauthorized' })
    }
    const stay = stayFor(server, { dialect: nest, fetch: fetching as typeof fetch })
    const store = storeOf(stay, 'nest')
    expect(store.getters['auth/getLoginStatus']).toBe('')
    expect(store.getters['auth/isTokenActive']).toBe(false)
    await store.dispatch('auth/login', { username: 'test', password: 'test' })
    expect(store.getters['auth/getLoginStatus']).toBe('success')
    await until(() => store.getters['auth/getAuthData'].token === 'a.b.c')
    expect(store.getters['auth/getAuthData']).toMatchObject({ userName: 'test', refreshToken: '' })
    await store.dispatch('auth/saveTokensToStorage', {})
    await store.dispatch('todo/getAllTodos')
    expect(store.getters['todo/getAllTodos']).toEqual(titles)
    store.commit('todo/setTodos', ['Play Cricket'])
    expect(store.state.todo.todos).toEqual(['Play Cricket'])
    await store.dispatch('auth/logout')
    expect(store.getters['auth/getAuthData']).toMatchObject({ token: '', userName: '' })
    expect(store.getters['todo/getAllTodos']).toEqual([])
  })

  test('nest: tokenExp is when the token ends, in seconds', async () => {
    fakeClock()
    const store = storeOf(await signedIn(new Server()), 'nest')
    expect(store.getters['auth/getAuthData'].tokenExp).toBe(Math.floor(Date.now() / 1000 + 300))
    expect(store.getters['auth/isTokenActive']).toBe(true)
  })

  test('sofunction: SET_ACCESS_TOKEN, SET_REFRESH_TOKEN, LOGOUT, and the getters', async () => {
    const stay = await signedIn(new Server())
    const store = storeOf(stay, 'sofunction')
    await until(() => store.getters['auth/accessToken'] === 'token-1')
    await stay.refresh()
    await until(() => store.getters['auth/accessToken'] === 'token-2')
    expect(store.getters['auth/refreshToken']).toBe('')
    store.commit('auth/SET_ACCESS_TOKEN', 'stale')
    store.commit('auth/SET_REFRESH_TOKEN', 'stale')
    expect(store.getters['auth/accessToken']).toBe('token-2')
    store.commit('auth/LOGOUT')
    await until(() => !stay.signedIn)
    expect(store.getters['auth/accessToken']).toBe('')
  })

  test.each(['bezkoder', 'django', 'nest', 'sofunction'] as const)('%s: no copy of the state has a token in it', async (names) => {
    const stay = await signedIn(new Server())
    const store = storeOf(stay, names)
    let seen = ''
    ;(store as unknown as { subscribe(listener: (mutation: unknown, state: unknown) => void): void }).subscribe((mutation, state) => { seen += JSON.stringify([mutation, state]) })
    await stay.refresh()
    await until(() => seen !== '')
    expect(seen + JSON.stringify(store.state)).not.toContain('token-')
  })

  test('a session that is there when the store is made is in it', async () => {
    const stay = await signedIn(new Server())
    expect(storeOf(stay, 'bezkoder').state.auth).toMatchObject({ status: { loggedIn: true }, user: { username: 'ada' } })
  })

  test('an end from the server empties the store', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    const store = storeOf(stay, 'bezkoder')
    server.refresh = () => json(401, { error: 'revoked', message: 'no' })
    await refusal(stay.refresh())
    expect(store.state.auth).toEqual({ status: { loggedIn: false }, user: null })
  })
})

describe('eventBus', () => {
  test('logout comes once, with its reason, however many stores there are', async () => {
    const server = new Server()
    const stay = await signedIn(server)
    for (const names of ['bezkoder', 'sofunction'] as const) new vuex4.Store({ plugins: [stayVuex(stay, { names }) as never] })
    const heard: Logout[] = []
    const hear = (data: Logout): void => { heard.push(data) }
    eventBus.on('logout', hear)
    server.refresh = () => json(401, { error: 'disabled', message: 'no' })
    await refusal(stay.refresh())
    expect(heard).toEqual([{ reason: 'disabled', message: 'This account is disabled.' }])
    eventBus.remove('logout', hear)
  })

  test('remove takes one away, or all', () => {
    const one = vi.fn()
    const two = vi.fn()
    eventBus.on('tea', one)
    eventBus.on('tea', two)
    eventBus.dispatch('tea', 1)
    eventBus.remove('tea', one)
    eventBus.dispatch('tea', 2)
    eventBus.remove('tea')
    eventBus.dispatch('tea', 3)
    expect(one.mock.calls).toEqual([[1]])
    expect(two.mock.calls).toEqual([[1], [2]])
  })
})

test('names that are none are told in words', () => {
  expect(() => stayVuex(stayFor(new Server()), { names: 'other' as never })).toThrow('bezkoder, django, nest, sofunction')
})

test('bezkoder on bezkoder’s own back end: the words of its roles', async () => {
  const fetching = async (): Promise<Response> => json(200, { id: 1, username: 'ada', email: 'a@example.org', roles: ['ROLE_USER', 'ROLE_ADMIN'], accessToken: 'a.b.c', refreshToken: 'r' })
  const stay = stayFor(new Server(), { dialect: express, fetch: fetching as typeof fetch })
  const store = new vuex4.Store({ plugins: [stayVuex(stay, { names: 'bezkoder' }) as never] })
  expect((await store.dispatch('auth/login', { username: 'ada', password: 'x' })).roles).toEqual(['ROLE_USER', 'ROLE_ADMIN'])
})

test('a token that is renewed behind the app’s back is shown in time', async () => {
  fakeClock()
  const server = new Server()
  const stay = await signedIn(server)
  const store = new vuex4.Store({ plugins: [stayVuex(stay, { names: 'sofunction' }) as never] })
  await advance(301_000)
  await stay.fetch(`${server.origin}/api/test/user`)
  await until(() => store.getters['auth/accessToken'] === 'token-2')
})
