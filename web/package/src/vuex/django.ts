// Names of an app on djoser and SimpleJWT: all at the store's root.
import type { Stay, User } from '../api'
import type { Naming, StoreLike } from './store'
import { showing } from './store'

interface Root {
  refresh_token: string
  access_token?: string
  loggedInUser: Partial<User>
  isAuthenticated: boolean
}

interface Context {
  commit(type: string, payload?: unknown): void
}

/** Grows with each new token, so that what shows it is drawn again. */
interface State {
  tokens: number
}

function mutations(root: () => Root) {
  return {
    // The vault keeps it, and in cookie mode there is none.
    setRefreshToken() {},
    setAccessToken(state: State) {
      state.tokens += 1
    },
    setLoggedInUser(_: State, user: User) {
      root().loggedInUser = user
      root().isAuthenticated = true
    },
    clearUserData() {
      root().loggedInUser = {}
      root().isAuthenticated = false
    }
  }
}

function actions(stay: Stay) {
  return {
    async logIn(_: Context, { username, email, password }: { username?: string, email?: string, password: string }) {
      await stay.signIn({ username: username ?? email ?? '', password })
    },
    async refreshToken() {
      await stay.refresh()
    },
    async fetchUser({ commit }: Context) {
      const { user } = await stay.ready()
      if (user !== null) commit('setLoggedInUser', user)
    }
  }
}

const getters = (root: () => Root, token: () => string) => ({
  loggedInUser: () => root().loggedInUser,
  isAuthenticated: () => root().isAuthenticated,
  accessToken: (state: State) => state.tokens < 0 ? '' : token(),
  refreshToken: () => ''
})

/** A module's state would lie under the module's name; these lie at the root. */
function addToRoot(store: StoreLike, token: () => string): void {
  const root: Root = { ...store.state as object, refresh_token: '', loggedInUser: {}, isAuthenticated: false }
  store.replaceState(showing(root, 'access_token', token))
}

export const django: Naming = (store, stay, token) => {
  const root = () => store.state as Root
  addToRoot(store, token)
  store.registerModule('stay', {
    state: (): State => ({ tokens: 0 }),
    mutations: mutations(root),
    actions: actions(stay),
    getters: getters(root, token)
  })
  let shown: User | null = null
  return {
    over: 'clearUserData',
    show({ user }) {
      if (user === shown) return
      shown = user
      if (user === null) store.commit('clearUserData')
      else store.commit('setLoggedInUser', user)
    },
    renewed: () => store.commit('setAccessToken')
  }
}
