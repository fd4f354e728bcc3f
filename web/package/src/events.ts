// What happens to a session and its requests, as it happens.
import type { StayEvent, StayEventKind } from './api'

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
