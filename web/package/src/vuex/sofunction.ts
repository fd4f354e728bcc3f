// Names of an app that keeps both tokens in the module auth.
import type { Naming } from './store'
import { showing } from './store'

interface State {
  accessToken?: string
  refreshToken: string
  /** Grows with each new token, so that what shows it is drawn again. */
  tokens: number
}

const mutations = {
  SET_ACCESS_TOKEN(state: State) {
    state.tokens += 1
  },
  // The vault keeps it, and in cookie mode there is none.
  SET_REFRESH_TOKEN() {},
  LOGOUT(state: State) {
    state.tokens = 0
  }
}

export const sofunction: Naming = (store, _stay, token) => {
  store.registerModule('auth', {
    namespaced: true,
    state: (): State => showing({ refreshToken: '', tokens: 0 }, 'accessToken', token),
    getters: {
      accessToken: (state: State) => state.tokens === 0 ? '' : token(),
      refreshToken: (state: State) => state.refreshToken
    },
    mutations
  })
  let wasSignedIn = false
  return {
    over: 'auth/LOGOUT',
    show({ signedIn }) {
      if (wasSignedIn && !signedIn) store.commit('auth/LOGOUT')
      wasSignedIn = signedIn
    },
    renewed: () => store.commit('auth/SET_ACCESS_TOKEN')
  }
}
