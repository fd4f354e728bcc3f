// The event bus that components listen on: 'logout' comes when a session ends.
import type { Stay } from '../api'
import type { StayReason } from '../errors'
import { reasonText } from '../errors'

/** What 'logout' carries. */
export interface Logout {
  reason: StayReason
  /** The same for people. */
  message: string
}

type Callback = (data: unknown) => void

export interface EventBus {
  on(event: string, callback: (data: never) => void): void
  dispatch(event: string, data?: unknown): void
  /** Without a callback: all of the event's. */
  remove(event: string, callback?: (data: never) => void): void
}

const callbacks = new Map<string, Set<Callback>>()
const fed = new WeakSet<Stay>()

export const eventBus: EventBus = {
  on(event, callback) {
    const all = callbacks.get(event) ?? new Set()
    callbacks.set(event, all.add(callback as Callback))
  },
  dispatch(event, data) {
    for (const callback of [...callbacks.get(event) ?? []]) callback(data)
  },
  remove(event, callback) {
    if (callback === undefined) callbacks.delete(event)
    else callbacks.get(event)?.delete(callback as Callback)
  }
}

/** However many stores there are, a session's end is told once. */
export function feedBus(stay: Stay): void {
  if (fed.has(stay)) return
  fed.add(stay)
  stay.on('signed-out', ({ reason = '' }) => {
    eventBus.dispatch('logout', { reason, message: reasonText(reason) } satisfies Logout)
  })
}
