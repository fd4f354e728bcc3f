// Names of an app on a NestJS back end: the modules auth and todo.
import type { Stay, User } from '../api'
import type { Naming } from './store'
import { showing } from './store'

interface AuthData {
  /** In no copy of the state: see showing. */
  token?: string
  refreshToken: string
  /** Seconds since 1970; 0: no token. */
  tokenExp: number
  userId: number | string
  userName: string
}

interface State {
  authData: AuthData
  loginStatus: '' | 'success' | 'failed'
}

interface TodoState {
  todos: unknown[]
}

interface Context {
  commit(type: string, payload?: unknown): void
}

const secondMs = 1000

function authData(stay: Stay, user: User | null, token: () => string): AuthData {
  const left = stay.secondsLeft
  const data = {
    refreshToken: '',
    tokenExp: left > 0 ? Math.floor(Date.now() / secondMs + left) : 0,
    userId: user?.id ?? '',
    userName: user?.username ?? ''
  }
  return showing(data, 'token', token)
}

function actions(stay: Stay) {
  return {
    async login({ commit }: Context, { username, password }: { username: string, password: string }) {
      try {
        await stay.signIn({ username, password })
        commit('setLoginStatus', 'success')
      } catch (error) {
        commit('setLoginStatus', 'failed')
        throw error
      }
    },
    async logout() {
      await stay.signOut()
    },
    // They are kept already.
    async saveTokensToStorage() {}
  }
}

function auth(stay: Stay, empty: () => AuthData) {
  return {
    namespaced: true,
    state: (): State => ({ authData: empty(), loginStatus: '' }),
    getters: {
      getLoginStatus: (state: State) => state.loginStatus,
      getAuthData: (state: State) => state.authData,
      // As of the last change; a session lives longer than its token.
      isTokenActive: (state: State) => state.authData.tokenExp > 0
    },
    mutations: {
      saveTokenData(state: State, data: AuthData) {
        state.authData = data
      },
      setLoginStatus(state: State, status: State['loginStatus']) {
        state.loginStatus = status
      }
    },
    actions: actions(stay)
  }
}

function todo(stay: Stay) {
  return {
    namespaced: true,
    state: (): TodoState => ({ todos: [] }),
    getters: { getAllTodos: (state: TodoState) => state.todos },
    mutations: {
      setTodos(state: TodoState, todos: unknown[]) {
        state.todos = todos
      }
    },
    actions: {
      async getAllTodos({ commit }: Context) {
        await stay.ready()
        const response = await stay.fetch(`${stay.baseURL.replace(/\/+$/, '')}/todos`)
        if (!response.ok) throw new Error(`The todos cannot be had: ${response.status}`)
        commit('setTodos', await response.json())
      }
    }
  }
}

export const nest: Naming = (store, stay, token) => {
  const data = () => authData(stay, stay.user, token)
  store.registerModule('auth', auth(stay, data))
  store.registerModule('todo', todo(stay))
  let shown: User | null = null
  return {
    show({ user }) {
      if (user === shown) return
      shown = user
      store.commit('auth/saveTokenData', data())
      if (user !== null) return
      store.commit('auth/setLoginStatus', '')
      store.commit('todo/setTodos', [])
    },
    renewed: () => store.commit('auth/saveTokenData', data())
  }
}
