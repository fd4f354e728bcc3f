// The session and a page's work, as Vue likes them.
import { computed, ref, shallowRef } from 'vue'
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
  busy: Readonly<Ref<boolean>>
  failure: Ref<Failure | undefined>
  /** True where it went well; otherwise `failure` says why not. */
  run(work: () => Promise<void>): Promise<boolean>
  /** What is wrong with a field of the form. */
  wrong(field: string): string[]
}

/**
 * One thing at a time that may fail, and says so next to what it concerns. What
 * comes meanwhile is nothing (a form that is sent twice), or waits its turn.
 */
export function useTask({ queues = false } = {}): Task {
  const under = ref(0)
  const failure = shallowRef<Failure>()
  let last: Promise<unknown> = Promise.resolve()

  async function one(work: () => Promise<void>): Promise<boolean> {
    failure.value = undefined
    try {
      await work()
      return true
    } catch (error) {
      failure.value = failureOf(error)
      return false
    } finally {
      under.value -= 1
    }
  }

  return {
    busy: computed(() => under.value > 0),
    failure,
    wrong: (field) => failure.value?.fields[field] ?? [],
    async run(work) {
      if (under.value > 0 && !queues) return false
      under.value += 1
      const turn = last.then(() => one(work))
      last = turn
      return turn
    }
  }
}
