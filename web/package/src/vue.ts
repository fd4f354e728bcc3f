// @stay/web/vue: the session for components, and the guard for the router. Both
// for Vue 3 with vue-router 4 and for Vue 2.7 with vue-router 3.
import type { ComputedRef } from 'vue'
import { computed, getCurrentInstance, inject, onScopeDispose, shallowRef } from 'vue'
import type { SignIn, SignUp, Stay, StayState, User } from './api'
import type { StayReason } from './errors'
import { reasonText, StayError } from './errors'
import { stayKey } from './key'
import { everySecond, opening, wholeSeconds } from './watching'

export { stayGuard } from './guard'
export type { StayGuardOptions, StayPlace } from './guard'

export interface UsedStay {
  stay: Stay
  user: ComputedRef<User | null>
  state: ComputedRef<StayState>
  signedIn: ComputedRef<boolean>
  /** Why the session ended, and the same as a sentence; '' while it lives. */
  reason: ComputedRef<StayReason>
  reasonText: ComputedRef<string>
  /** Of the access token, whole; Infinity: the server never said. */
  secondsLeft: ComputedRef<number>
  signIn(who: SignIn): Promise<User>
  signUp(who: SignUp): Promise<void>
  signOut(how?: { everywhere?: boolean }): Promise<void>
}

/** Stands for the session where a server draws the page: as far as that shows one. */
const nobodys = { getSnapshot: () => opening, subscribe: () => () => {}, secondsLeft: 0 } as unknown as Stay

/** What app.use(stay), or Vue.use(stay), left. */
function injected(): Stay {
  const instance = getCurrentInstance()
  const proxy = instance?.proxy as { $stay?: Stay } | null | undefined
  const stay = proxy?.$stay ?? inject<Stay | undefined>(stayKey, undefined)
  if (stay === undefined) {
    if (instance && typeof document === 'undefined') return nobodys
    throw new StayError('STAY_BAD_CONFIG', 'config', 'useStay: app.use(stay) comes first, or give it the session: useStay(stay)')
  }
  return stay
}

/** The seconds, counted only once somebody looks at them. */
function countdown(stay: Stay, changes: () => unknown): ComputedRef<number> {
  const seconds = shallowRef(0)
  let end: (() => void) | undefined
  onScopeDispose(() => end?.())
  return computed(() => {
    end ??= everySecond(() => { seconds.value = wholeSeconds(stay) })
    changes()
    void seconds.value
    return wholeSeconds(stay)
  })
}

/** In a set-up, or with a session at hand in any effect scope. */
export function useStay(given?: Stay): UsedStay {
  const stay = given ?? injected()
  const snapshot = shallowRef(stay.getSnapshot())
  onScopeDispose(stay.subscribe(() => { snapshot.value = stay.getSnapshot() }))
  return {
    stay,
    user: computed(() => snapshot.value.user),
    state: computed(() => snapshot.value.state),
    signedIn: computed(() => snapshot.value.signedIn),
    reason: computed(() => snapshot.value.reason),
    reasonText: computed(() => snapshot.value.reason === '' ? '' : reasonText(snapshot.value.reason)),
    secondsLeft: countdown(stay, () => snapshot.value),
    signIn: (who) => stay.signIn(who),
    signUp: (who) => stay.signUp(who),
    signOut: (how) => stay.signOut(how)
  }
}
