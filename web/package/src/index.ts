// @stay/web: a signed-in session that does not die by accident.
import { Fact, State } from '#core/constants'
import { changeUser, signIn, signOut, signUp } from './account'
import type { Snapshot, Stay, StayOptions, StayState } from './api'
import { stayAdapter } from './axios'
import { StayError } from './errors'
import { stayFetch } from './fetch'
import { Host } from './host'
import { installInto } from './key'
import { openLease } from './lease'
import { readOptions } from './options'
import { reasonOf } from './reasons'
import { originOf, renew, token } from './send'

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
  await host.opening
  if (!host.has(Fact.IS_COMMITTED)) {
    throw new StayError('STAY_BAD_CONFIG', 'config', `The dialect '${host.dialect}' has no list of sessions: nobody was signed out. signOut() ends this one.`)
  }
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

  /** Told only of what can be seen: who asks for a token in it must not loop. */
  function subscribe(watcher: () => void): () => void {
    let seen = current()
    return host.subscribe(() => {
      const next = current()
      if (next === seen) return
      seen = next
      watcher()
    })
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
    adapter: (axios, instance) => stayAdapter(host, axios, instance),
    token: (how = {}) => token(host, (how.minSeconds ?? 0) * 1000, how.signal),
    async refresh() { await renew(host) },
    on: (kind, listener) => host.events.on(kind, listener),
    why: () => host.entry.log.map((line) => ({ ...line })),
    lease: (how) => openLease(host, how),
    setUser: (user) => changeUser(host, user),
    subscribe,
    getSnapshot: current,
    reaches: (url) => originOf(host, url) >= 0,
    get baseURL() { return host.base === '' ? host.options.baseURL : host.base },
    mode: host.options.mode,
    install: (app) => installInto(app, stay),
    close: () => host.close()
  }
  return stay
}

export type * from './api'
export { reasonText, StayError } from './errors'
export type { FailureFields, StayCode, StayReason } from './errors'
