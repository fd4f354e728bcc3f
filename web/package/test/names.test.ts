// Every name of the four articles' stores, a row each, on both Vuex: it is there,
// and does what the article's components expect of it.
import { describe, expect, test } from 'vitest'
import * as vuex4 from 'vuex'
import vuex3 from 'vuex-3'
import Vue2 from 'vue-2'
import type { Stay } from '../src/index'
import type { StayVuexOptions } from '../src/vuex'
import { stayVuex } from '../src/vuex'
import { json, Server, stayFor, until } from './kit'

/* eslint-disable @typescript-eslint/no-explicit-any -- a store of either Vuex. */
type Store = { state: any, getters: any, commit(type: string, payload?: unknown): void, dispatch(type: string, payload?: unknown): Promise<any> }

const old = Vue2 as unknown as { use(plugin: unknown): void, config: { productionTip: boolean, devtools: boolean } }
old.config.productionTip = false
old.config.devtools = false
old.use(vuex3)

const who = { username: 'ada', password: 'lovelace' }
const ada = { id: 1, username: 'ada', email: 'a@example.org', roles: ['user'] }

interface Name {
  names: StayVuexOptions['names']
  name: string
  /** Signed in before it is used. */
  in?: boolean
  use(store: Store, stay: Stay): Promise<unknown> | unknown
  gives: unknown
}

const rows: Name[] = [
  { names: 'bezkoder', name: 'action auth/login', use: (store) => store.dispatch('auth/login', who).then(({ username }) => username), gives: 'ada' },
  { names: 'bezkoder', name: 'action auth/register', use: (store) => store.dispatch('auth/register', { ...who, email: 'a@example.org' }).then(() => store.state.auth.status.loggedIn), gives: false },
  { names: 'bezkoder', name: 'action auth/logout', in: true, use: (store) => store.dispatch('auth/logout').then(() => store.state.auth), gives: { status: { loggedIn: false }, user: null } },
  { names: 'bezkoder', name: 'action auth/refreshToken', in: true, use: (store) => store.dispatch('auth/refreshToken').then(() => store.state.auth.user.accessToken), gives: 'token-2' },
  { names: 'bezkoder', name: 'mutation auth/loginSuccess', use: (store) => { store.commit('auth/loginSuccess', ada); return store.state.auth.status.loggedIn }, gives: true },
  { names: 'bezkoder', name: 'mutation auth/loginFailure', in: true, use: (store) => { store.commit('auth/loginFailure'); return store.state.auth.user }, gives: null },
  { names: 'bezkoder', name: 'mutation auth/logout', in: true, use: async (store, stay) => { store.commit('auth/logout'); await until(() => !stay.signedIn); return store.state.auth.status.loggedIn }, gives: false },
  { names: 'bezkoder', name: 'mutation auth/registerSuccess', use: (store) => { store.commit('auth/registerSuccess'); return store.state.auth.status.loggedIn }, gives: false },
  { names: 'bezkoder', name: 'mutation auth/registerFailure', use: (store) => { store.commit('auth/registerFailure'); return store.state.auth.status.loggedIn }, gives: false },
  { names: 'bezkoder', name: 'mutation auth/refreshToken', in: true, use: (store) => { store.commit('auth/refreshToken', 'mine'); return store.state.auth.user.accessToken }, gives: 'token-1' },
  { names: 'bezkoder', name: 'state auth.status.loggedIn', in: true, use: (store) => store.state.auth.status.loggedIn, gives: true },
  { names: 'django', name: 'action logIn', use: (store) => store.dispatch('logIn', who).then(() => store.getters.isAuthenticated), gives: true },
  { names: 'django', name: 'action refreshToken', in: true, use: (store) => store.dispatch('refreshToken').then(() => store.getters.accessToken), gives: 'token-2' },
  { names: 'django', name: 'action fetchUser', in: true, use: (store) => store.dispatch('fetchUser').then(() => store.state.loggedInUser.username), gives: 'ada' },
  { names: 'django', name: 'mutation setRefreshToken', in: true, use: (store) => { store.commit('setRefreshToken', 'x'); return store.getters.refreshToken }, gives: '' },
  { names: 'django', name: 'mutation setAccessToken', in: true, use: (store) => { store.commit('setAccessToken', 'x'); return store.getters.accessToken }, gives: 'token-1' },
  { names: 'django', name: 'mutation setLoggedInUser', in: true, use: (store) => { store.commit('setLoggedInUser', { username: 'eve', roles: [] }); return store.state.loggedInUser.username }, gives: 'eve' },
  { names: 'django', name: 'mutation clearUserData', in: true, use: async (store, stay) => { store.commit('clearUserData'); await until(() => !stay.signedIn); return store.getters.loggedInUser }, gives: {} },
  { names: 'django', name: 'getter loggedInUser', in: true, use: (store) => store.getters.loggedInUser.username, gives: 'ada' },
  { names: 'django', name: 'getter isAuthenticated', in: true, use: (store) => store.getters.isAuthenticated, gives: true },
  { names: 'django', name: 'getter accessToken', in: true, use: (store) => store.getters.accessToken, gives: 'token-1' },
  { names: 'django', name: 'getter refreshToken, which nobody is shown', in: true, use: (store) => store.getters.refreshToken, gives: '' },
  { names: 'nest', name: 'action auth/login', use: (store) => store.dispatch('auth/login', who).then(() => store.getters['auth/getLoginStatus']), gives: 'success' },
  { names: 'nest', name: 'action auth/logout', in: true, use: (store) => store.dispatch('auth/logout').then(() => store.getters['auth/getAuthData'].token), gives: '' },
  { names: 'nest', name: 'getter auth/getAuthData', in: true, use: (store) => store.getters['auth/getAuthData'].userName, gives: 'ada' },
  { names: 'nest', name: 'getter auth/getLoginStatus', use: (store) => store.getters['auth/getLoginStatus'], gives: '' },
  { names: 'nest', name: 'getter auth/isTokenActive', in: true, use: (store) => store.getters['auth/isTokenActive'], gives: true },
  { names: 'nest', name: 'state todo.todos', use: (store) => store.state.todo.todos, gives: [] },
  { names: 'nest', name: 'action and getter todo/getAllTodos', in: true, use: (store) => store.dispatch('todo/getAllTodos').then(() => store.getters['todo/getAllTodos']), gives: ['tea'] },
  { names: 'nest', name: 'mutation todo/setTodos', use: (store) => { store.commit('todo/setTodos', ['milk']); return store.state.todo.todos }, gives: ['milk'] },
  { names: 'sofunction', name: 'mutation auth/SET_ACCESS_TOKEN', in: true, use: (store) => { store.commit('auth/SET_ACCESS_TOKEN', 'x'); return store.getters['auth/accessToken'] }, gives: 'token-1' },
  { names: 'sofunction', name: 'mutation auth/SET_REFRESH_TOKEN', in: true, use: (store) => { store.commit('auth/SET_REFRESH_TOKEN', 'x'); return store.getters['auth/refreshToken'] }, gives: '' },
  { names: 'sofunction', name: 'mutation auth/LOGOUT', in: true, use: async (store, stay) => { store.commit('auth/LOGOUT'); await until(() => !stay.signedIn); return store.getters['auth/accessToken'] }, gives: '' },
  { names: 'sofunction', name: 'getter auth/accessToken', in: true, use: (store) => store.getters['auth/accessToken'], gives: 'token-1' },
  { names: 'sofunction', name: 'getter auth/refreshToken, which nobody is shown', in: true, use: (store) => store.getters['auth/refreshToken'], gives: '' }
]

const versions: [string, { Store: new (options: object) => Store }][] = [['4', vuex4 as never], ['3', vuex3 as never]]

describe.each(versions)('Vuex %s', (_, { Store }) => {
  test.each(rows)('$names: $name', async ({ names, name, in: isIn, use, gives }) => {
    const server = new Server()
    server.user = ada
    server.resource = ({ path }) => path.endsWith('/todos') ? json(200, ['tea']) : json(path.endsWith('/account') ? 201 : 200, ada)
    const stay = stayFor(server)
    if (isIn === true) await stay.signIn(who)
    await stay.ready()
    const store = new Store({ strict: true, plugins: [stayVuex(stay, { names })] })
    // The token is asked of the session, which answers a moment later.
    if (gives === 'token-1') await until(() => use(store, stay) === gives, name)
    else expect(await use(store, stay)).toEqual(gives)
  })
})
