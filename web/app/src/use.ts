// The session and a page's data, as Vue likes them.
import { computed, onScopeDispose, readonly, ref, shallowRef } from 'vue'
import type { ComputedRef, DeepReadonly, Ref } from 'vue'
import type { StayReason, StayState, User } from '@stay/web'
import { failureOf } from './say'
import type { Failure } from './say'
import { stay } from './session'

export interface Session {
  user: ComputedRef<User | null>
  state: ComputedRef<StayState>
  signedIn: ComputedRef<boolean>
  reason: ComputedRef<StayReason>
  has(role: string): boolean
}

const snapshot = shallowRef(stay.getSnapshot())
stay.subscribe(() => { snapshot.value = stay.getSnapshot() })

export function useSession(): Session {
  const user = computed(() => snapshot.value.user)
  return {
    user,
    state: computed(() => snapshot.value.state),
    signedIn: computed(() => snapshot.value.signedIn),
    reason: computed(() => snapshot.value.reason),
    has: (role) => user.value?.roles.includes(role) === true
  }
}

/** Seconds of the access token's life that are left, four times a second. */
export function useSecondsLeft(): DeepReadonly<Ref<number>> {
  const left = ref(stay.secondsLeft)
  const timer = setInterval(() => { left.value = stay.secondsLeft }, 250)
  onScopeDispose(() => clearInterval(timer))
  return readonly(left)
}

export interface Task {
  busy: Ref<boolean>
  failure: Ref<Failure | undefined>
  /** True where it went well; otherwise `failure` says why not. */
  run(work: () => Promise<void>): Promise<boolean>
  /** What is wrong with a field of the form. */
  wrong(field: string): string[]
}

/** One thing at a time that may fail, and says so next to what it concerns. */
export function useTask(): Task {
  const busy = ref(false)
  const failure = shallowRef<Failure>()
  return {
    busy,
    failure,
    wrong: (field) => failure.value?.fields[field] ?? [],
    async run(work) {
      if (busy.value) return false
      busy.value = true
      failure.value = undefined
      try {
        await work()
        return true
      } catch (error) {
        failure.value = failureOf(error)
        return false
      } finally {
        busy.value = false
      }
    }
  }
}
