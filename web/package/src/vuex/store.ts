// What every naming shares: how a store follows a session.
import type { Snapshot, Stay } from '../api'

/* eslint-disable @typescript-eslint/no-explicit-any -- the types of Vuex 3 and 4
   cannot be had at once. */
export interface StoreLike {
  state: any
  getters: any
  commit(type: string, payload?: unknown): void
  registerModule(path: any, module: any): void
  replaceState(state: any): void
  subscribe(listener: (mutation: { type: string }) => void): unknown
}
/* eslint-enable */

/**
 * A member that shows the token's text to who asks for it by name, and to nobody
 * who copies, prints or persists the state.
 */
export function showing<T extends object>(state: T, member: string, token: () => string): T {
  return Object.defineProperty(state, member, { get: token, set() {}, enumerable: false, configurable: true })
}

export interface Follower {
  /** Makes the state what the session is; nothing but commits. */
  show(now: Snapshot): void
  /** There is another token's text. */
  renewed(): void
  /** A mutation by which the app itself says that it is over. */
  over?: string
}

export interface Naming {
  (store: StoreLike, stay: Stay, token: () => string): Follower
}

/** Our own commit of `over` comes when it is over: then there is nothing to end. */
export function follow(store: StoreLike, stay: Stay, naming: Naming): void {
  let text = ''
  const follower = naming(store, stay, () => text)

  // A slow answer must not outrun a sign-out: only the last one counts.
  let asked = 0
  async function renew(): Promise<void> {
    const mine = asked += 1
    const next = stay.signedIn && stay.secondsLeft > 0 ? await stay.token().catch(() => '') : ''
    if (mine !== asked || next === text) return
    text = next
    if (text !== '') follower.renewed()
  }

  function show(): void {
    if (!stay.signedIn) text = ''
    follower.show(stay.getSnapshot())
    void renew()
  }

  stay.subscribe(show)
  // A text can come without anything else to be seen: another tab's.
  stay.on('adopted', () => { void renew() })
  store.subscribe(({ type }) => {
    if (type === follower.over && stay.signedIn) void stay.signOut().catch(() => {})
  })
  show()
}
