// The session and a page's work, as Vue likes them.
import { ref, shallowRef } from 'vue'
import type { Ref } from 'vue'
import { useStay } from '@stay/web/vue'
import type { UsedStay } from '@stay/web/vue'
import { failureOf } from './say'
import type { Failure } from './say'

export interface Session extends UsedStay {
  has(role: string): boolean
}

export function useSession(): Session {
  const used = useStay()
  return { ...used, has: (role) => used.user.value?.roles.includes(role) === true }
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
