// What happens to a session and its requests, as it happens.
import type { StayReason } from './errors'

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

type Listener = (event: StayEvent) => void

export class Events {
  private readonly listeners = new Map<Listener, StayEventKind | '*'>()

  on(kind: StayEventKind | '*', listener: Listener): () => void {
    this.listeners.set(listener, kind)
    return () => { this.listeners.delete(listener) }
  }

  send(event: Omit<StayEvent, 'at'>): void {
    if (this.listeners.size === 0) return
    const whole = { ...event, at: Date.now() }
    for (const [listener, kind] of [...this.listeners]) {
      if (kind !== '*' && kind !== event.kind) continue
      try {
        listener(whole)
      } catch (error) {
        // A listener's mistake is not the session's.
        setTimeout(() => { throw error })
      }
    }
  }
}
