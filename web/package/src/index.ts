// @stay/web: a signed-in session that does not die by accident.
import { State } from '#core/constants'
import { signIn, signOut, signUp, changeUser } from './account'
import type { SignIn, SignUp } from './account'
import type { AxiosAdapter, AxiosLike } from './axios'
import { stayAdapter } from './axios'
import type { StayReason } from './errors'
import { reasonOf, reasonText, StayError } from './errors'
import type { StayEvent, StayEventKind } from './events'
import type { StayRequestInit } from './fetch'
import { stayFetch } from './fetch'
import { Host } from './host'
import type { Lease, LeaseOptions } from './lease'
import { openLease } from './lease'
import type { StayOptions } from './options'
import { readOptions } from './options'
import { originOf, renew, token } from './send'
import type { Happening, User } from './vault'

export type StayState =
  /** The page has just opened: not known yet. */
  | 'opening'
  | 'signed-out'
  | 'signed-in'
  /** Signed in, and the token is being renewed. */
  | 'refreshing'
  /** Signed in; the last refresh failed for a passing reason. */
  | 'resting'
  /** The session ended: `reason` says why. */
  | 'ended'

/** What a page shows; a new object whenever anything in it changes. */
export interface Snapshot {
  state: StayState
  /** A session lives, whatever its token does. */
  signedIn: boolean
  user: User | null
  /** Why it ended; or ''. */
  reason: StayReason
  /** Counts sign-ins on this browser. */
  session: number
  generation: number
}

export interface Stay {
  signIn(who: SignIn): Promise<User>
  signUp(who: SignUp): Promise<void>
  /** Forgets the session here and tells the server. */
  signOut(how?: { everywhere?: boolean }): Promise<void>
  readonly user: User | null
  readonly state: StayState
  readonly signedIn: boolean
  /** Why the session ended; '' while it lives. */
  readonly reason: StayReason
  /** Of the access token; 0: none; Infinity: the server never said. */
  readonly secondsLeft: number
  /** Resolves when it is known whether somebody is signed in. */
  ready(): Promise<Snapshot>
  fetch(input: RequestInfo | URL, init?: StayRequestInit): Promise<Response>
  /** `axios.defaults.adapter = stay.adapter(axios)`, or of an instance. */
  adapter(axios: AxiosLike): AxiosAdapter
  /** An access token that is good for at least so long (0). */
  token(how?: { minSeconds?: number, signal?: AbortSignal }): Promise<string>
  /** Asks for a newer token now. */
  refresh(): Promise<void>
  /** Calls `listener` on each event of a kind, or '*'; returns how to end that. */
  on(kind: StayEventKind | '*', listener: (event: StayEvent) => void): () => void
  /** What happened to this session lately; nothing secret in it. */
  why(): Happening[]
  /** For streams: a token now, and a newer one each time before it expires. */
  lease(options: LeaseOptions): Lease
  /** The user as changed by the app, for all tabs. */
  setUser(user: User): Promise<void>
  subscribe(watcher: () => void): () => void
  getSnapshot(): Snapshot
  /** Whether a token would go to this address. */
  reaches(url: string): boolean
  /** Lets go of timers and channels; the session lives on. */
  close(): void
}

const states: Record<State, StayState> = {
  [State.SIGNED_OUT]: 'signed-out',
  [State.FRESH]: 'signed-in',
  [State.REFRESHING]: 'refreshing',
  [State.RESTING]: 'resting',
  [State.ENDED]: 'ended'
}

function stateOf(host: Host): StayState {
  if (!host.opened) return 'opening'
  if (host.isLive(host.entry)) return states[host.state]
  return host.entry.signIn === 0 || reasonOf(host.entry.ended) === 'signed-out' ? 'signed-out' : 'ended'
}

function snapshotOf(host: Host): Snapshot {
  const { entry } = host
  return {
    state: stateOf(host),
    signedIn: host.isLive(entry),
    user: host.isLive(entry) ? entry.user ?? null : null,
    reason: reasonOf(entry.ended),
    session: entry.signIn,
    generation: entry.generation
  }
}

function same(a: Snapshot, b: Snapshot): boolean {
  return (Object.keys(a) as (keyof Snapshot)[]).every((key) => a[key] === b[key])
}

async function endEverywhere(host: Host, stay: Stay): Promise<void> {
  const response = await stay.fetch(`${host.base.replace(/\/+$/, '')}/sessions`, { method: 'DELETE', credentials: host.cookie ? 'include' : 'same-origin' })
  if (!response.ok) {
    throw new StayError('STAY_TRY_LATER', 'unavailable', 'The server did not end the other sessions.', response.status)
  }
}

export function createStay(options: StayOptions): Stay {
  const host = new Host(readOptions(options))
  let snapshot = snapshotOf(host)

  function current(): Snapshot {
    const next = snapshotOf(host)
    if (!same(snapshot, next)) snapshot = next
    return snapshot
  }

  const stay: Stay = {
    signIn: (who) => signIn(host, who),
    signUp: (who) => signUp(host, who),
    async signOut(how = {}) {
      if (how.everywhere === true) await endEverywhere(host, stay)
      await signOut(host)
    },
    get user() { return current().user },
    get state() { return current().state },
    get signedIn() { return current().signedIn },
    get reason() { return current().reason },
    get secondsLeft() {
      return host.opened && host.token !== undefined ? Math.max(host.left(), 0) / 1000 : 0
    },
    async ready() {
      await host.opening
      return current()
    },
    fetch: (input, init) => stayFetch(host, input, init),
    adapter: (axios) => stayAdapter(host, axios),
    token: (how = {}) => token(host, (how.minSeconds ?? 0) * 1000, how.signal),
    async refresh() { await renew(host) },
    on: (kind, listener) => host.events.on(kind, listener),
    why: () => host.entry.log.map((line) => ({ ...line })),
    lease: (how) => openLease(host, how),
    setUser: (user) => changeUser(host, user),
    subscribe: (watcher) => host.subscribe(watcher),
    getSnapshot: current,
    reaches: (url) => originOf(host, url) >= 0,
    close: () => host.close()
  }
  return stay
}

export { reasonText, StayError }
export type { AxiosAdapter, AxiosLike, Happening, Lease, LeaseOptions, SignIn, SignUp, StayEvent, StayEventKind, StayOptions, StayReason, StayRequestInit, User }
export type { StayCode } from './errors'
export type { Dialect, } from './options'
export type { StorageLike } from './vault'
