// Names of bezkoder's Vue apps: the module auth.
import type { SignUp, Stay, User } from '../api'
import type { Naming } from './store'
import { showing } from './store'

interface AuthUser extends Omit<User, 'roles'> {
  /** As 'ROLE_ADMIN'. */
  roles: string[]
  /** In no copy of the state: see showing. */
  accessToken?: string
}

interface State {
  status: { loggedIn: boolean }
  user: AuthUser | null
}

interface Context {
  commit(type: string, payload?: unknown): void
}

function authUser(user: User): AuthUser {
  return { ...user, roles: user.roles.map((role) => role.startsWith('ROLE_') ? role : `ROLE_${role.toUpperCase()}`) }
}

const mutations = {
  loginSuccess(state: State, user: AuthUser) {
    state.status.loggedIn = true
    state.user = user
  },
  loginFailure(state: State) {
    state.status.loggedIn = false
    state.user = null
  },
  logout(state: State) {
    state.status.loggedIn = false
    state.user = null
  },
  registerSuccess(state: State) {
    state.status.loggedIn = false
  },
  registerFailure(state: State) {
    state.status.loggedIn = false
  }
}

function actions(stay: Stay, named: (user: User) => AuthUser) {
  return {
    async login({ commit }: Context, { username, password }: { username: string, password: string }) {
      try {
        const user = named(await stay.signIn({ username, password }))
        commit('loginSuccess', user)
        return user
      } catch (error) {
        commit('loginFailure')
        throw error
      }
    },
    async logout() {
      await stay.signOut()
    },
    async register({ commit }: Context, asked: SignUp) {
      const { username, email, password } = asked
      try {
        await stay.signUp({ username, email, password })
        commit('registerSuccess')
        return { message: 'User registered successfully!' }
      } catch (error) {
        commit('registerFailure')
        throw error
      }
    },
    async refreshToken() {
      await stay.refresh()
    }
  }
}

export const bezkoder: Naming = (store, stay, token) => {
  const named = (user: User) => showing(authUser(user), 'accessToken', token)
  store.registerModule('auth', {
    namespaced: true,
    state: (): State => ({ status: { loggedIn: false }, user: null }),
    mutations: {
      ...mutations,
      // A new object, so that whoever shows its token shows the new one.
      refreshToken(state: State) {
        if (state.user !== null) state.user = showing({ ...state.user }, 'accessToken', token)
      }
    },
    actions: actions(stay, named)
  })
  let shown: User | null = null
  return {
    over: 'auth/logout',
    show({ user }) {
      if (user === shown) return
      shown = user
      if (user === null) store.commit('auth/logout')
      else store.commit('auth/loginSuccess', named(user))
    },
    renewed: () => store.commit('auth/refreshToken')
  }
}
