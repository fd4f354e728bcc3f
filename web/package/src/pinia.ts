// @stay/web/pinia: the session as a store.
import { defineStore } from 'pinia'
import type { SignIn, SignUp, Stay } from './api'
import { useStay } from './vue'

/**
 * `export const useSession = stayStore(stay)`: user, state, signedIn, reason,
 * reasonText and secondsLeft, and what a person does about them.
 */
export function stayStore(stay: Stay, id = 'stay') {
  return defineStore(id, () => {
    const { user, state, signedIn, reason, reasonText, secondsLeft } = useStay(stay)
    return {
      user, state, signedIn, reason, reasonText, secondsLeft,
      signIn: (who: SignIn) => stay.signIn(who),
      signUp: (who: SignUp) => stay.signUp(who),
      signOut: (how?: { everywhere?: boolean }) => stay.signOut(how),
      refresh: () => stay.refresh()
    }
  })
}
