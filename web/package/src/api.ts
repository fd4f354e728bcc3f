// What people meet of @stay/web: names and types, and nothing that runs.
import type { StayError, StayReason } from './errors'

export interface User {
  id?: number
  username: string
  email?: string
  roles: string[]
}

export interface SignIn {
  /** A user name, or an e-mail address where the back end takes one. */
  username: string
  password: string
  /** What the session list calls this device. */
  label?: string
}

export interface SignUp {
  username: string
  email?: string
  password: string
  /** Asked for; what is granted is the server's business. */
  roles?: string[]
}

/** One line of `stay.why()`. */
export interface Happening {
  /** Milliseconds since 1970, by this machine's clock. */
  at: number
  what: string
  reason?: string
  status?: number
}

/** What localStorage and sessionStorage are. */
export interface StorageLike {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/** The JSON of a dialect: see stay-dialect(5). */
export interface Dialect {
  dialect: string
  [member: string]: unknown
}

export interface StayOptions {
  /**
   * Where the back end is: 'https://auth.example.org', '/api' on this page's own
   * origin. One without a path gets the dialect's prefix.
   */
  baseURL: string
  /** 'stay' is built in; others come from '@stay/web/dialects/NAME'. */
  dialect?: 'stay' | Dialect
  /**
   * `cookie` (what the stay dialect does): the session's secret is a cookie that
   * script never sees. `storage`: the back end hands the refresh token to script,
   * which keeps it; the weaker of the two.
   */
  mode?: 'cookie' | 'storage'
  /** Origins besides baseURL's that may see the access token. */
  origins?: string[]
  /** Sent with every message of the session's own. */
  headers?: Record<string, string>
  /** 'shared' (IndexedDB), 'memory', or something like localStorage. */
  storage?: 'shared' | 'memory' | StorageLike
  /** What the session list calls this device. */
  label?: string
  /** Refresh so long before expiry; a negative number: not before. */
  earlySeconds?: number
  /** Longest wait for one answer; 10. */
  limitSeconds?: number
  /** OAuth 2's client, or the API key that some back ends want. */
  client?: { id?: string, secret?: string, scope?: string, apiKey?: string }
  /** What sends the session's own messages; window.fetch. */
  fetch?: typeof fetch
}

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

export type StayEventKind =
  | 'signed-in' | 'refreshed' | 'signed-out' | 'resting' | 'adopted'
  | 'refresh-started' | 'refresh-failed'
  | 'sent' | 'answered' | 'held-back' | 'waiting' | 'replayed' | 'failed'

export interface StayEvent {
  kind: StayEventKind
  /** Milliseconds since 1970. */
  at: number
  reason?: StayReason
  /** Of a request, counted from 1 in this page. */
  request?: number
  /** Of the request: method and address without its query. */
  what?: string
  generation?: number
  status?: number
  /** Milliseconds: how long a refresh took, or until the next try. */
  waitMs?: number
}

export interface StayRequestInit extends RequestInit {
  /** false: as plain fetch, without a token. */
  stay?: boolean
}

export interface LeaseOptions {
  /** A new token comes when the old one is good for no longer than this; 30. */
  minSeconds?: number
  onToken(token: string): void
  /** The session ended; nothing comes after it. */
  onEnd?(error: StayError): void
}

export interface Lease {
  end(): void
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AxiosAdapter = (config: any) => Promise<any>

/** The module axios; as a second, an instance made by axios.create. */
export interface AxiosLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  defaults: { adapter?: any }
  getAdapter?: unknown
  AxiosError?: unknown
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
  /**
   * `axios.defaults.adapter = stay.adapter(axios)`, or `instance.defaults.adapter =
   * stay.adapter(axios)`; with the instance as second where that has an adapter of
   * its own.
   */
  adapter(axios: AxiosLike, instance?: AxiosLike): AxiosAdapter
  /**
   * An access token that is good for at least so long (0); more than half the
   * token's life counts as half of it.
   */
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
  /** Where it was told the back end is, with the dialect's prefix once ready. */
  readonly baseURL: string
  readonly mode: 'cookie' | 'storage'
  /** For Vue: `app.use(stay)`, and in Vue 2 `Vue.use(stay)`. */
  install(app: object): void
  /** Lets go of timers and channels; the session lives on. */
  close(): void
}
